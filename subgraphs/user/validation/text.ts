/**
 * Checks of input values against schema/constraints.ts. Each returns the cleaned value or throws what is wrong with it.
 */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { Id, IdKind } from "../../../platform/ids.ts";
import { cleanLine } from "../../../platform/validation/text.ts";
import { constraints } from "../../../schema/constraints.ts";

const MAX_REASON = 200;

interface Length {
  readonly min: number;
  readonly max: number;
}

/** @throws UserFailure `BLANK`, `INVALID` when too short, `TOO_LONG` */
export function requireLine(text: string, { min, max }: Length, label: string, field: string): string {
  const clean = cleanLine(text);
  const length = [...clean].length;
  if (length === 0) throw refuse("BLANK", `${label} is missing.`, field);
  if (length < min) throw refuse("INVALID", `${label} has at least ${min} characters.`, field);
  if (length > max) throw refuse("TOO_LONG", `${label} has at most ${max} characters.`, field);
  return clean;
}

/** @throws UserFailure `INVALID` or `TOO_LONG` */
export function requireSlug(text: string): string {
  const slug = text.trim().toLowerCase();
  const { min, max, pattern } = constraints.slug;
  if (slug.length > max) throw refuse("TOO_LONG", `A slug has at most ${max} characters.`, "slug");
  if (slug.length < min || !new RegExp(pattern).test(slug)) {
    throw refuse("INVALID", `A slug has ${min} to ${max} of a–z, 0–9 and -, and no - at its ends.`, "slug");
  }
  return slug;
}

/** @throws UserFailure `INVALID` when the text is no id of this kind */
export function requireId<Prefix extends string>(kind: IdKind<Prefix>, text: string, what: string): Id<Prefix> {
  const id = kind.from(text);
  if (id === undefined) {
    throw refuse("INVALID", `The id of ${what} is ${kind.prefix}_ with a UUID behind it.`, "id");
  }
  return id;
}

/** Why an operator does something, as the event contracts take it. @throws UserFailure `BLANK`, `TOO_LONG` */
export function requireReason(text: string): string {
  return requireLine(text, { min: 1, max: MAX_REASON }, "The reason", "reason");
}

/** A slug that resembles the name; `suffix` makes another one of it when that is taken. */
export function slugFrom(name: string, suffix = ""): string {
  const base = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  const room = constraints.slug.max - (suffix === "" ? 0 : suffix.length + 1);
  const trimmed = base.slice(0, room).replace(/^-+|-+$/g, "");
  const stem = trimmed.length >= constraints.slug.min ? trimmed : `org${trimmed === "" ? "" : `-${trimmed}`}`;
  return suffix === "" ? stem : `${stem}-${suffix}`;
}
