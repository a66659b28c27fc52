/** What a value is, for messages about values that a type cannot have: short, however large the value is. */
import { LosslessNumber } from "../../transport/lossless-number.ts";

const MAX_LENGTH = 40;

export function describedValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof LosslessNumber) return shortened(JSON.stringify(value));
  if (typeof value === "object" && value !== null) return "an object";
  return shortened(JSON.stringify(value) ?? String(value));
}

function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
