import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { MembershipId } from "../domain/ids.ts";

export const membership: ResolversOf<"Membership", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(MembershipId, id, loaders.membership),
  user: async ({ userId }, _args, { loaders }) => required(await loaders.user.load(userId), "user"),
  organization: async ({ organizationId }, _args, { loaders }) =>
    required(await loaders.organization.load(organizationId), "organisation"),
  roles: ({ id }, _args, { loaders }) => loaders.rolesOfMembership.load(id),
};
