import { forbiddenField } from "../../../platform/errors/refusals.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { statisticsOf } from "../domain/email-delivery.ts";
import { FEATURE_FLAGS } from "../domain/feature-flag.ts";
import { OrganizationId } from "../domain/ids.ts";
import { canReadApiKeys, canReadInvitations, canReadMembers, MANAGE_API_KEYS, MANAGE_MEMBERS } from "../policies.ts";
import { pageApiKeys } from "../store/api-keys.ts";
import { countEmails, pageEmails } from "../store/email-deliveries.ts";
import { pageInvitations } from "../store/invitations.ts";
import { pageMemberships } from "../store/memberships.ts";

export const organization: ResolversOf<"Organization", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(OrganizationId, id, loaders.organization),
  provisioning: ({ id }, _args, { loaders }) => loaders.provisioningOf.load(id),
  roles: ({ id }, _args, { loaders }) => loaders.rolesOfOrganization.load(id),

  members({ id: organizationId }, args, context, info) {
    if (!canReadMembers(context.identity, organizationId)) throw forbiddenField(organizationId, "members.read");
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
    if (!canReadInvitations(context.identity, organizationId)) throw forbiddenField(organizationId, MANAGE_MEMBERS);
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

  featureFlags: async ({ id }, _args, { services }) =>
    (await services.flags.decide(id)).map(({ key, on, source }) => {
      const { description } = FEATURE_FLAGS[key];
      return { key, description, enabled: on, source };
    }),

  apiKeys({ id: organizationId }, args, context, info) {
    if (!canReadApiKeys(context.identity, organizationId)) throw forbiddenField(organizationId, MANAGE_API_KEYS);
    return readConnection(
      context,
      {
        name: `apiKeys:${organizationId}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageApiKeys(tx, organizationId, page),
      },
      args,
      info,
    );
  },

  emailDeliveries({ id: organizationId }, args, context, info) {
    if (!canReadInvitations(context.identity, organizationId)) throw forbiddenField(organizationId, MANAGE_MEMBERS);
    return readConnection(
      context,
      {
        name: `emails:${organizationId}`,
        keyOf: ({ eventId }) => eventId,
        page: (tx, page) => pageEmails(tx, organizationId, page),
      },
      args,
      info,
    );
  },

  async emailStatistics({ id: organizationId }, { days }, { identity, read, services }) {
    if (!canReadInvitations(identity, organizationId)) throw forbiddenField(organizationId, MANAGE_MEMBERS);
    const since = new Date(services.clock.now().getTime() - days * DAY_MS);
    return statisticsOf(await read((tx) => countEmails(tx, organizationId, since)));
  },
};

const DAY_MS = 24 * 3_600_000;
