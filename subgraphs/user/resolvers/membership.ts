import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { required } from "./required.ts";

export const membership: ResolversOf<"Membership", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.membership.load(id),
  user: async ({ userId }, _args, { loaders }) => required(await loaders.user.load(userId), "user"),
  organization: async ({ organizationId }, _args, { loaders }) =>
    required(await loaders.organization.load(organizationId), "organisation"),
  roles: ({ id }, _args, { loaders }) => loaders.rolesOfMembership.load(id),
};
