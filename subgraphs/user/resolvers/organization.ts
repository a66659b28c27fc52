import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { forbiddenField } from "../errors.ts";
import { canReadInvitations, canReadMembers, MANAGE_MEMBERS } from "../policies.ts";
import { readConnection } from "../read-connection.ts";
import { pageInvitations } from "../store/invitations.ts";
import { pageMemberships } from "../store/memberships.ts";

export const organization: ResolversOf<"Organization", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.organization.load(id),
  roles: ({ id }, _args, { loaders }) => loaders.rolesOfOrganization.load(id),
  members: ({ id }, args, context, info) => {
    if (!canReadMembers(context.identity, id)) throw forbiddenField("members.read");
    return readConnection(context, `members:${id}`, args, info, (tx, page) =>
      pageMemberships(tx, { organizationId: id }, page),
    );
  },
  invitations: ({ id }, args, context, info) => {
    if (!canReadInvitations(context.identity, id)) throw forbiddenField(MANAGE_MEMBERS);
    return readConnection(context, `invitations:${id}`, args, info, (tx, page) => pageInvitations(tx, id, page));
  },
};
