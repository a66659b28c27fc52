import { refuse } from "../../../platform/errors/user-failure.ts";
import { cleanLine } from "../../../platform/validation/text.ts";

const MAX_REASON = 200;

/** Why an operator does something, as the event contracts take it. @throws UserFailure `BLANK`, `TOO_LONG` */
export function requireReason(text: string): string {
  const clean = cleanLine(text);
  if (clean === "") throw refuse("BLANK", "The reason is missing.", "reason");
  if ([...clean].length > MAX_REASON) {
    throw refuse("TOO_LONG", `The reason has at most ${MAX_REASON} characters.`, "reason");
  }
  return clean;
}
