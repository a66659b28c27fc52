import { forbiddenField } from "../../../platform/errors/refusals.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { OrganizationId } from "../domain/ids.ts";
import { canReadInvitations, canReadMembers, MANAGE_MEMBERS } from "../policies.ts";
import { pageInvitations } from "../store/invitations.ts";
import { pageMemberships } from "../store/memberships.ts";

export const organization: ResolversOf<"Organization", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(OrganizationId, id, loaders.organization),
  roles: ({ id }, _args, { loaders }) => loaders.rolesOfOrganization.load(id),

  members({ id: organizationId }, args, context, info) {
    if (!canReadMembers(context.identity, organizationId)) throw forbiddenField("members.read");
    return readConnection(
      context,
      {
        name: `members:${organizationId}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageMemberships(tx, { organizationId }, page),
      },
      args,
      info,
    );
  },

  invitations({ id: organizationId }, args, context, info) {
    if (!canReadInvitations(context.identity, organizationId)) throw forbiddenField(MANAGE_MEMBERS);
    return readConnection(
      context,
      {
        name: `invitations:${organizationId}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageInvitations(tx, organizationId, page),
      },
      args,
      info,
    );
  },
};
