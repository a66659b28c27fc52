import { constraints } from "../../schema/constraints.ts";
import { requireLine } from "./text/require-text.ts";

/**
 * Why an operator does something, as the event contracts take it.
 * @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG`
 */
export function requireReason(text: string): string {
  return requireLine(text, { length: constraints.reason, label: "The reason", field: "reason" });
}
