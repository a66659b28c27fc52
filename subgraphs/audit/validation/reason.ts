import { requireLine } from "../../../platform/validation/text/require-text.ts";

const REASON = { length: { min: 1, max: 200 }, label: "The reason", field: "reason" } as const;

/** Why an operator does something, for events. @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireReason(text: string): string {
  return requireLine(text, REASON);
}
