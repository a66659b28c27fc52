import { scalars } from "../../../platform/graphql/scalars.ts";
import type { Resolvers } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { apiKey } from "./api-key.ts";
import { emailDelivery } from "./email-delivery.ts";
import { featureFlagRule } from "./feature-flag-rule.ts";
import { identityProvider } from "./identity-provider.ts";
import { invitation } from "./invitation.ts";
import { membership } from "./membership.ts";
import { mutation } from "./mutation.ts";
import { organization } from "./organization.ts";
import { organizationDomain } from "./organization-domain.ts";
import { query } from "./query.ts";
import { role } from "./role.ts";
import { saga } from "./saga.ts";
import { session } from "./session.ts";
import { user } from "./user.ts";
import { viewer } from "./viewer.ts";

export const resolvers: Resolvers<UserContext, UserParents> = {
  ApiKey: apiKey,
  DateTime: scalars.DateTime,
  EmailAddress: scalars.EmailAddress,
  EmailDelivery: emailDelivery,
  FeatureFlagRule: featureFlagRule,
  IdentityProvider: identityProvider,
  Invitation: invitation,
  Membership: membership,
  Mutation: mutation,
  Organization: organization,
  OrganizationDomain: organizationDomain,
  Query: query,
  Role: role,
  Saga: saga,
  Session: session,
  User: user,
  Viewer: viewer,
};
