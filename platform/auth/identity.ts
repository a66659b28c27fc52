/** Who a request acts for, as the gateway established it. Permissions are plain strings: their meaning belongs to the domains. */

/** Organisation id → what the user may do there. */
export type Grants = ReadonlyMap<string, ReadonlySet<string>>;

export type Identity =
  | { readonly kind: "ANONYMOUS" }
  | { readonly kind: "USER"; readonly userId: string; readonly sessionId: string; readonly grants: Grants }
  /**
   * Those members of one organisation who hold the same permissions: what is read for them is shown to each of them alike. The gateway
   * makes it for live streams; it reads and never commands, and fields about the viewer answer as for nobody.
   */
  | { readonly kind: "AUDIENCE"; readonly grants: Grants }
  /** A trusted process, e.g. the gateway asking for a token check. Sees no tenant's rows by itself. */
  | { readonly kind: "SERVICE"; readonly service: string };

/** Facts about the request that subgraphs may trust because they are signed together with the identity. */
export interface ClientFacts {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** Organisations and permissions of the identity; none for those who belong nowhere. */
export function grantsOf(identity: Identity): Grants {
  return identity.kind === "USER" || identity.kind === "AUDIENCE" ? identity.grants : NO_GRANTS;
}

const NO_GRANTS: Grants = new Map();

/** May this identity do `permission` in the organisation? */
export function holds(identity: Identity, organizationId: string, permission: string): boolean {
  return grantsOf(identity).get(organizationId)?.has(permission) ?? false;
}

/** Is the identity a member of the organisation at all? Foreign organisations answer like missing ones. */
export function belongsTo(identity: Identity, organizationId: string): boolean {
  return grantsOf(identity).has(organizationId);
}

/** The tenants whose rows the identity may touch: its organisations and its own user id. */
export function tenantsOf(identity: Identity): readonly string[] {
  const organizations = [...grantsOf(identity).keys()];
  return identity.kind === "USER" ? [identity.userId, ...organizations] : organizations;
}
