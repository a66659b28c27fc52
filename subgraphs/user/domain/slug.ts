/** An organisation's name in addresses. Branded, so that only what looks like a slug is asked of the database. */
import { constraints } from "../../../schema/constraints.ts";

declare const slug: unique symbol;

export type Slug = string & { readonly [slug]: true };

const { min, max, pattern } = constraints.slug;
const SLUG = new RegExp(pattern);

/** @returns undefined for text that no organisation has as its slug */
export function parseSlug(text: string): Slug | undefined {
  return isSlug(text) ? text : undefined;
}

function isSlug(text: string): text is Slug {
  return text.length >= min && text.length <= max && SLUG.test(text);
}

/** A slug that resembles the name; `suffix` makes another one of it when that is taken. */
export function slugFrom(name: string, suffix = ""): Slug {
  const base = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  const room = max - (suffix === "" ? 0 : suffix.length + 1);
  const trimmed = base.slice(0, room).replace(/^-+|-+$/g, "");
  const stem = trimmed.length >= min ? trimmed : `org${trimmed === "" ? "" : `-${trimmed}`}`;
  const made = suffix === "" ? stem : `${stem}-${suffix}`;
  if (!isSlug(made)) throw new Error(`no slug: ${JSON.stringify(made)}`);
  return made;
}

/** The slug of an organisation that was closed before it came to be. */
export const closedSlugOf = (organizationId: string): string => `closed-${organizationId.slice(-12)}`;
