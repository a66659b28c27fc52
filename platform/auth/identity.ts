/**
 * Who a request acts for, as the gateway established it. Permissions are plain strings: their meaning belongs to the
 * domains.
 */

import type { ApiKeyId, OrganizationId, SessionId, TenantId, UserId } from "./principal-ids.ts";

/** Organisation → what the user may do there. */
export type Grants = ReadonlyMap<OrganizationId, ReadonlySet<string>>;

export type Identity =
  | { readonly kind: "ANONYMOUS" }
  | { readonly kind: "USER"; readonly userId: UserId; readonly sessionId: SessionId; readonly grants: Grants }
  /**
   * A program with a key of one organisation. It reads and commands as far as its grants go, and is nobody's viewer:
   * fields about the viewer answer as for nobody.
   */
  | {
      readonly kind: "API_KEY";
      readonly keyId: ApiKeyId;
      /** Whose rights bound the key's: what happens to them happens to it. */
      readonly grantedBy: UserId;
      /** Of one organisation. */
      readonly grants: Grants;
    }
  /**
   * Those members of one organisation who hold the same permissions: what is read for them is shown to each of them
   * alike. The gateway makes it for live streams; it reads and never commands, and fields about the viewer answer as
   * for nobody.
   */
  | { readonly kind: "AUDIENCE"; readonly grants: Grants }
  /** A trusted process, e.g. the gateway asking for a token check. Sees no tenant's rows by itself. */
  | { readonly kind: "SERVICE"; readonly service: string };

export type UserIdentity = Extract<Identity, { kind: "USER" }>;
export type ApiKeyIdentity = Extract<Identity, { kind: "API_KEY" }>;

/** Who calls with a credential of their own: a person, or a program. */
export type Principal = UserIdentity | ApiKeyIdentity;

/** Facts about the request that subgraphs may trust because they are signed together with the identity. */
export interface ClientFacts {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** @returns undefined for nobody, and for identities that the platform itself makes */
export function principalOf(identity: Identity): Principal | undefined {
  return identity.kind === "USER" || identity.kind === "API_KEY" ? identity : undefined;
}

/** What a principal is counted, logged and named by. */
export function principalId(principal: Principal): UserId | ApiKeyId {
  return principal.kind === "USER" ? principal.userId : principal.keyId;
}

/** The user who answers for what the principal does: the key's giver for a program. */
export function responsibleUser(principal: Principal): UserId {
  return principal.kind === "USER" ? principal.userId : principal.grantedBy;
}

/** Whose idempotency keys those are that come with the principal's commands in an organisation. */
export function keyOwnerIn(principal: Principal, organizationId: OrganizationId): UserId | OrganizationId {
  return principal.kind === "USER" ? principal.userId : organizationId;
}

/** Organisations and permissions of the identity; none for those who belong nowhere. */
export function grantsOf(identity: Identity): Grants {
  return "grants" in identity ? identity.grants : NO_GRANTS;
}

const NO_GRANTS: Grants = new Map();

/** May this identity do `permission` in the organisation? */
export function holds(identity: Identity, organizationId: OrganizationId, permission: string): boolean {
  return grantsOf(identity).get(organizationId)?.has(permission) ?? false;
}

/**
 * Is the identity a member of the organisation at all? Foreign organisations answer like missing ones, and so does text
 * that is no id.
 */
export function belongsTo(identity: Identity, organizationId: string): organizationId is OrganizationId {
  const organizations: ReadonlyMap<string, unknown> = grantsOf(identity);
  return organizations.has(organizationId);
}

/** The tenants whose rows the identity may touch: its organisations and its own user id. */
export function tenantsOf(identity: Identity): readonly TenantId[] {
  const organizations = [...grantsOf(identity).keys()];
  return identity.kind === "USER" ? [identity.userId, ...organizations] : organizations;
}
