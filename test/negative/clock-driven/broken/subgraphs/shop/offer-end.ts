import { findEnd } from "./store/ends.ts";

export const isOver = (endsAt: Date): boolean => endsAt <= findEnd();
