/**
 * The one way in for free text. Each function returns the text as it is stored, or throws what is wrong with it, naming
 * the field. Lengths count code points of the cleaned text.
 */
import { refuse } from "../../errors/user-failure.ts";
import { cleanLine } from "./clean-line.ts";
import { executableAs } from "./executable.ts";
import { isVisible } from "./is-visible.ts";

/** In code points. */
export interface Length {
  readonly min: number;
  readonly max: number;
}

export interface TextField {
  readonly length: Length;
  /** As a sentence begins: "The name". */
  readonly label: string;
  /** As the input names it; of a field in another one, the path to it. */
  readonly field: string | readonly string[];
}

/** One line of prose, e.g. a reason. @throws UserFailure `BLANK`, `INVALID` when malformed or too short, `TOO_LONG` */
export function requireLine(text: string, { length: { min, max }, label, field }: TextField): string {
  const path = [field].flat();
  requireWellFormed(text, label, path);
  const clean = cleanLine(text);
  if (!isVisible(clean)) throw refuse("BLANK", `${label} is missing.`, ...path);
  const length = [...clean].length;
  if (length < min) throw refuse("INVALID", `${label} has at least ${min} characters.`, ...path);
  if (length > max) throw refuse("TOO_LONG", `${label} has at most ${max} characters.`, ...path);
  return clean;
}

/** The same for what others are shown as a name: nothing that a program would run. */
export function requireName(text: string, declared: TextField): string {
  const { label, field } = declared;
  const path = [field].flat();
  const name = requireLine(text, declared);
  switch (executableAs(name)) {
    case "markup":
      throw refuse("INVALID", `${label} would be read as HTML: put a blank behind "<".`, ...path);
    case "formula":
      throw refuse("INVALID", `${label} would be read as a formula: begin it with a letter or a digit.`, ...path);
    case undefined:
      return name;
  }
}

function requireWellFormed(text: string, label: string, path: readonly string[]): void {
  if (text.isWellFormed()) return;
  throw refuse(
    "INVALID",
    `${label} holds half a character (an unpaired surrogate): send well-formed Unicode.`,
    ...path,
  );
}
