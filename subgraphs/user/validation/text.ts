/**
 * Checks of input values against schema/constraints.ts. Each returns the cleaned value or throws what is wrong with it.
 */
import { refuse, UserFailure } from "../../../platform/errors/user-failure.ts";
import type { Id, IdKind } from "../../../platform/ids.ts";
import { parseEmailAddress } from "../../../platform/validation/email-address.ts";
import { requireName } from "../../../platform/validation/text/require-text.ts";
import { constraints } from "../../../schema/constraints.ts";
import { parseSlug, type Slug } from "../domain/slug.ts";

/** What others are shown of a person. @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireDisplayName(text: string): string {
  return requireName(text, { length: constraints.displayName, label: "The name", field: "displayName" });
}

/** What somebody else calls a person, where it is a name; else what stands ahead of the `@` of their address. */
export function displayNameFrom(called: string, email: string): string {
  for (const text of [called, email.slice(0, email.lastIndexOf("@"))]) {
    try {
      return requireDisplayName([...text].slice(0, constraints.displayName.max).join(""));
    } catch (error) {
      if (!(error instanceof UserFailure)) throw error;
    }
  }
  return "New user";
}

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireOrganizationName(text: string, field = "name"): string {
  return requireName(text, { length: constraints.organizationName, label: "The name", field });
}

/** What a role is called. @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireRoleName(text: string): string {
  return requireName(text, { length: constraints.roleName, label: "The name", field: "name" });
}

/** What an API key is for. @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireApiKeyName(text: string): string {
  return requireName(text, { length: constraints.apiKeyName, label: "The name", field: "name" });
}

/** What its owner calls a passkey. @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requirePasskeyName(text: string): string {
  return requireName(text, { length: constraints.passkeyName, label: "The name", field: "name" });
}

/**
 * What a client calls itself in the list of sessions; null where it does not.
 * @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG`
 */
export function readDevice(text: string | null | undefined): string | null {
  if (text == null || text.trim() === "") return null;
  return requireName(text, { length: constraints.device, label: "The device", field: "device" });
}

/** What the scalar made of it: the one spelling of a mailbox. @throws UserFailure `INVALID`, `TOO_LONG` */
export function requireEmail(email: string): string {
  const { max } = constraints.email;
  if (email.length > max) throw refuse("TOO_LONG", `An e-mail address has at most ${max} characters.`, "email");
  if (parseEmailAddress(email) === email) return email;
  throw refuse("INVALID", "An e-mail address is like ada@example.com.", "email");
}

/** @throws UserFailure `INVALID` or `TOO_LONG` */
export function requireSlug(text: string): Slug {
  const lower = text.trim().toLowerCase();
  const { min, max } = constraints.slug;
  if (lower.length > max) throw refuse("TOO_LONG", `A slug has at most ${max} characters.`, "slug");
  const slug = parseSlug(lower);
  if (slug !== undefined) return slug;
  throw refuse("INVALID", `A slug has ${min} to ${max} of a–z, 0–9 and -, and no - at its ends.`, "slug");
}

/** @throws UserFailure `INVALID` when the text is no id of this kind */
export function requireId<Prefix extends string>(kind: IdKind<Prefix>, text: string, what: string): Id<Prefix> {
  const id = kind.from(text);
  if (id === undefined) {
    throw refuse("INVALID", `The id of ${what} is ${kind.prefix}_ with a UUID behind it.`, "id");
  }
  return id;
}
