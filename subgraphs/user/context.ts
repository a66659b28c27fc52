/** One request's view: who asks, what they may load, and what a change of this very request has added to that. */
import { type Identity, tenantsOf } from "../../platform/auth/identity.ts";
import type { CommandOutcome } from "../../platform/database/command.ts";
import { createTenantReader, type TenantReader } from "../../platform/database/tenant-reader.ts";
import { causationOf, type RequestContext } from "../../platform/graphql/request-context.ts";
import type { UserTransaction } from "../../prisma/user/client.ts";
import { requireUser } from "./errors.ts";
import { createLoaders, type Loaders } from "./loaders.ts";
import type { UserIdentity } from "./policies.ts";
import type { Actor, Cause, UserServices } from "./services.ts";
import type { InvitationRow } from "./store/invitations.ts";
import type { MembershipRow } from "./store/memberships.ts";
import type { OrganizationRow, RoleRow } from "./store/organizations.ts";
import type { SessionRow } from "./store/sessions.ts";
import type { UserRow } from "./store/users.ts";

export interface UserContext {
  readonly services: UserServices;
  readonly identity: Identity;
  readonly loaders: Loaders;
  /** Within the tenants of whoever asks. */
  readonly read: TenantReader<UserTransaction>;
  readonly cause: Cause;
  /** @throws AppError `UNAUTHENTICATED` unless a user is signed in */
  actor(): Actor;
  /**
   * Takes a command's result: rows read before it are forgotten, and a stored result is reported as such.
   * @param identity what the caller is by this result: the signed header is older than that
   */
  settle<Result>(outcome: CommandOutcome<Result>, identity?: Identity): Result;
}

/** Parents that differ from what the schema shows. */
export interface UserParents {
  readonly Invitation: InvitationRow;
  readonly Membership: MembershipRow;
  readonly Node: { readonly __typename: NodeName; readonly id: string };
  readonly Organization: OrganizationRow;
  readonly Role: RoleRow;
  readonly Session: SessionRow;
  readonly User: UserRow;
  readonly Viewer: UserIdentity;
}

/** Types that `node` can name. */
export type NodeName =
  | "User"
  | "Organization"
  | "Membership"
  | "Role"
  | "Invitation"
  | "Session"
  | "Plan"
  | "BillingAccount"
  | "BillingSubscription"
  | "Invoice"
  | "Payment"
  | "PaymentMethod"
  | "AuditEntry";

export function createUserContext(services: UserServices, request: RequestContext): UserContext {
  let identity = request.identity;
  let read = createTenantReader(services.client, tenantsOf(identity), request.readDeadline);
  let loaders = createLoaders(read, identity, services.rows);
  const cause: Cause = { causation: causationOf(request), client: request.client };
  return {
    services,
    get identity() {
      return identity;
    },
    get loaders() {
      return loaders;
    },
    get read() {
      return read;
    },
    cause,
    actor: () => ({ ...cause, identity: requireUser(identity) }),
    settle(outcome, changed) {
      identity = changed ?? identity;
      read = createTenantReader(services.client, tenantsOf(identity));
      loaders = createLoaders(read, identity, services.rows);
      if (outcome.replayed) request.idempotencyReplayed = true;
      request.rightsChanged = true;
      return outcome.result;
    },
  };
}
