/**
 * Who may do what. Pure functions over the identity: every resolver and command asks here, and nowhere else decides.
 */
import { belongsTo, grantsOf, holds, type Identity } from "../../platform/auth/identity.ts";
import { OrganizationId, type TenantId, type UserId } from "../../platform/auth/principal-ids.ts";
import type { OrganizationStatus } from "../../schema/generated/user.ts";
import { isOpen } from "./domain/organization.ts";
import type { Permission } from "./domain/permission.ts";

/** Permissions of the roles that every organisation starts with. */
export const BUILT_IN_ROLES = {
  OWNER: [
    "organization.read",
    "organization.manage",
    "organization.own",
    "members.read",
    "members.manage",
    "roles.manage",
    "billing.read",
    "billing.manage",
    "usage.write",
    "audit.read",
  ],
  ADMIN: [
    "organization.read",
    "organization.manage",
    "members.read",
    "members.manage",
    "roles.manage",
    "billing.read",
    "usage.write",
    "audit.read",
  ],
  BILLING: ["organization.read", "members.read", "billing.read", "billing.manage", "usage.write"],
  AUDITOR: ["organization.read", "members.read", "billing.read", "audit.read"],
  MEMBER: ["organization.read", "members.read", "billing.read"],
} as const satisfies Readonly<Record<string, readonly Permission[]>>;

export const OWNER = "OWNER";

/** Permission that each kind of change needs. */
export const MANAGE_ORGANIZATION = "organization.manage" satisfies Permission;
export const OWN_ORGANIZATION = "organization.own" satisfies Permission;
export const MANAGE_MEMBERS = "members.manage" satisfies Permission;
export const MANAGE_ROLES = "roles.manage" satisfies Permission;
export const MANAGE_API_KEYS = "organization.manage" satisfies Permission;

/** What a member may still do who is held off: see the organisation, and so why. */
const WHILE_HELD_OFF: readonly string[] = ["organization.read"];
/** Whoever may delete an organisation may take that back. */
const WHILE_DELETING: readonly string[] = [...WHILE_HELD_OFF, OWN_ORGANIZATION];

/** What holds a member off, whatever their roles allow. */
export interface Circumstances {
  readonly status: OrganizationStatus;
  /** The organisation requires a second factor, and the member has none. */
  readonly lacksSecondFactor: boolean;
  /** The organisation requires its own sign-in of the member, and the session began elsewhere. */
  readonly lacksProviderSignIn: boolean;
}

/** What roles with these permissions allow under these circumstances. */
export function permissionsUnder(
  { status, lacksSecondFactor, lacksProviderSignIn }: Circumstances,
  permissions: readonly string[],
): ReadonlySet<string> {
  // An owner can mend a sign-in that does not work.
  const lacksSignIn = lacksProviderSignIn && !permissions.includes(OWN_ORGANIZATION);
  const isHeldOff = !isOpen({ status }) || lacksSecondFactor || lacksSignIn;
  if (!isHeldOff) return new Set(permissions);
  const left = status === "DELETING" && !lacksSecondFactor && !lacksSignIn ? WHILE_DELETING : WHILE_HELD_OFF;
  return new Set(permissions.filter((name) => left.includes(name)));
}

/** Every member sees the organisation itself; without this a member could not even learn its name. */
export function canReadOrganization(identity: Identity, organizationId: OrganizationId): boolean {
  return belongsTo(identity, organizationId);
}

/** Every member of the organisation that it is about. */
export function canReadSaga(identity: Identity, { tenantId }: { readonly tenantId: TenantId }): boolean {
  const organizationId = OrganizationId.from(tenantId);
  return organizationId !== undefined && canReadOrganization(identity, organizationId);
}

export function canReadMembers(identity: Identity, organizationId: OrganizationId): boolean {
  return holds(identity, organizationId, "members.read");
}

/** Who belongs where. */
interface Belonging {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
}

/** One's own membership is always visible: whoever may not see the other members still sees where they belong. */
export function canReadMembership(identity: Identity, membership: Belonging): boolean {
  return isSelf(identity, membership.userId) || canReadMembers(identity, membership.organizationId);
}

export function canReadInvitations(identity: Identity, organizationId: OrganizationId): boolean {
  return holds(identity, organizationId, MANAGE_MEMBERS);
}

export function canReadApiKeys(identity: Identity, organizationId: OrganizationId): boolean {
  return holds(identity, organizationId, MANAGE_API_KEYS);
}

export function canReadSession(identity: Identity, session: { readonly userId: UserId }): boolean {
  return isSelf(identity, session.userId);
}

export function isSelf(identity: Identity, userId: UserId): boolean {
  return identity.kind === "USER" && identity.userId === userId;
}

/** Organisations whose members, with their addresses, the identity may see. */
export function organizationsWithReadableMembers(identity: Identity): readonly OrganizationId[] {
  return [...grantsOf(identity).keys()].filter((organizationId) => canReadMembers(identity, organizationId));
}

/** A member may go without any permission; removing another one takes `members.manage`. */
export function canRemoveMembership(identity: Identity, membership: Belonging): boolean {
  return isSelf(identity, membership.userId) || holds(identity, membership.organizationId, MANAGE_MEMBERS);
}

/** Nobody gives, or takes from others, what they may not do themselves. */
export function mayGive(identity: Identity, organizationId: OrganizationId, permissions: readonly string[]): boolean {
  return permissions.every((permission) => holds(identity, organizationId, permission));
}
