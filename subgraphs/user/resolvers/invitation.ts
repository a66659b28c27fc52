import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { InvitationId } from "../domain/ids.ts";

export const invitation: ResolversOf<"Invitation", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(InvitationId, id, loaders.invitation),
  roles: async ({ roleIds }, _args, { loaders }) => {
    const roles = await Promise.all(roleIds.map((id) => loaders.role.load(id)));
    return roles.filter((role) => role !== null);
  },
  status: ({ acceptedAt, revokedAt, expiresAt }, _args, { services }) => {
    if (acceptedAt !== null) return "ACCEPTED";
    if (revokedAt !== null) return "REVOKED";
    return expiresAt <= services.clock.now() ? "EXPIRED" : "PENDING";
  },
  invitedBy: ({ invitedById }, _args, { loaders }) => loaders.user.load(invitedById),
};
