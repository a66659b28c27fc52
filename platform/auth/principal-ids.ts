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

/** Of an API key: the service account of a program. */
export const ApiKeyId = idKind("key");
export type ApiKeyId = Id<"key">;

/** Owner of what belongs to nobody, such as what operators work with. No identity has it among its tenants. */
export const PLATFORM = "platform";

/** Owner of rows and of an event stream: an organisation, a user where there is none, or the platform itself. */
export type TenantId = OrganizationId | UserId | typeof PLATFORM;

/** A tenant, or who is none yet: somebody who registers, named by a digest of the address. */
export type KeyOwner = TenantId | `anon_${string}`;

/** @throws Error for text that is none of them */
export function requireTenantId(text: string): TenantId {
  return tenantIdFrom(text) ?? UserId.require(text);
}

/** @returns undefined for text that is none of them */
export function tenantIdFrom(text: string): TenantId | undefined {
  return text === PLATFORM ? PLATFORM : (OrganizationId.from(text) ?? UserId.from(text));
}
