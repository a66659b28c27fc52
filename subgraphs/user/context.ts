/** What resolvers of the user subgraph work with. */
import type { UserIdentity } from "../../platform/auth/identity.ts";
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import { createSubgraphContext, type SubgraphContext } from "../../platform/graphql/subgraph-context.ts";
import type { Saga } from "../../platform/saga/saga.ts";
import type { ApiKey } from "./domain/api-key.ts";
import type { EmailDelivery } from "./domain/email-delivery.ts";
import type { FlagRule } from "./domain/feature-flag.ts";
import type { IdentityProvider, OrganizationDomain } from "./domain/identity-provider.ts";
import type { Invitation } from "./domain/invitation.ts";
import type { Membership } from "./domain/membership.ts";
import type { Organization, Role } from "./domain/organization.ts";
import type { Session } from "./domain/session.ts";
import type { User } from "./domain/user.ts";
import { createLoaders, type Loaders } from "./loaders.ts";
import type { UserServices } from "./services.ts";
import type { UserTransaction } from "./store/database.ts";

/** Lives as long as one request. */
export type UserContext = SubgraphContext<UserServices, UserTransaction, Loaders>;

/** Parents that differ from what the schema shows. */
export interface UserParents {
  readonly ApiKey: ApiKey;
  readonly EmailDelivery: EmailDelivery;
  readonly FeatureFlagRule: FlagRule;
  readonly IdentityProvider: IdentityProvider;
  readonly Invitation: Invitation;
  readonly Membership: Membership;
  readonly Node: { readonly __typename: NodeName; readonly id: string };
  readonly Organization: Organization;
  readonly OrganizationDomain: OrganizationDomain;
  readonly Role: Role;
  readonly Saga: Saga;
  readonly Session: Session;
  readonly User: User;
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
  | "ApiKey"
  | "Saga"
  | "Plan"
  | "BillingAccount"
  | "BillingSubscription"
  | "Invoice"
  | "Payment"
  | "PaymentMethod"
  | "CreditNote"
  | "AuditEntry"
  | "DeadLetter"
  | "JobRun";

export function createUserContext(services: UserServices, request: RequestContext): UserContext {
  return createSubgraphContext({
    services,
    request,
    createLoaders: (read, identity) => createLoaders(read, identity, services),
    commandsChangeRights: true,
  });
}
