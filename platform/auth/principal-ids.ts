/**
 * The kinds of id that an identity carries. Every service of the platform knows them; all other kinds belong to one.
 */
import { type Id, idKind } from "../ids.ts";

export const UserId = idKind("usr");
export type UserId = Id<"usr">;

export const SessionId = idKind("ses");
export type SessionId = Id<"ses">;

export const OrganizationId = idKind("org");
export type OrganizationId = Id<"org">;

/** Owner of rows and of an event stream: an organisation, or a user where there is none. */
export type TenantId = OrganizationId | UserId;

/** A tenant, or who is none yet: somebody who registers, named by a digest of the address. */
export type KeyOwner = TenantId | `anon_${string}`;

/** @throws Error for text that is neither */
export function requireTenantId(text: string): TenantId {
  return OrganizationId.from(text) ?? UserId.require(text);
}
