// Ids and identities by names that a reader can tell apart.
import { createHash } from "node:crypto";
import type { Grants, Identity } from "../../platform/auth/identity.ts";
import { type Id, idKind } from "../../platform/ids.ts";

/** A well-formed id, the same for the same name. */
export function namedId<const Prefix extends string>(prefix: Prefix, name: string): Id<Prefix> {
  const hex = createHash("sha256").update(name).digest("hex");
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `7${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return idKind(prefix).require(`${prefix}_${uuid.join("-")}`);
}

/** This very text as an id, for tests of what does not look into ids: expectations stay readable. */
export function textAsId<const Prefix extends string>(_prefix: Prefix, text: string): Id<Prefix> {
  return text as Id<Prefix>;
}

/** @param permissions by the text of an organisation's id */
export function grantsOf(permissions: Readonly<Record<string, Iterable<string>>>): Grants {
  return new Map(
    Object.entries(permissions).map(([organization, names]) => [textAsId("org", organization), new Set(names)]),
  );
}

export interface UserTexts {
  readonly userId?: string;
  readonly sessionId?: string;
  /** Permissions by organisation. */
  readonly grants?: Readonly<Record<string, Iterable<string>>>;
}

/** A user whose ids are these very texts. */
export function userWith({ userId = "usr_1", sessionId = "ses_1", grants = {} }: UserTexts) {
  return {
    kind: "USER",
    userId: textAsId("usr", userId),
    sessionId: textAsId("ses", sessionId),
    grants: grantsOf(grants),
  } as const satisfies Identity;
}
