import { holds, type Identity } from "../../../platform/auth/identity.ts";
import { forbiddenField } from "../../../platform/errors/refusals.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { statisticsOf } from "../domain/email-delivery.ts";
import { FEATURE_FLAGS } from "../domain/feature-flag.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { Membership } from "../domain/membership.ts";
import {
  canReadApiKeys,
  canReadInvitations,
  canReadMembers,
  MANAGE_API_KEYS,
  MANAGE_MEMBERS,
  MANAGE_ORGANIZATION,
} from "../policies.ts";
import { pageApiKeys } from "../store/api-keys.ts";
import { countEmails, pageEmails } from "../store/email-deliveries.ts";
import { findProvider } from "../store/identity-providers.ts";
import { pageInvitations } from "../store/invitations.ts";
import { keyOfFound, pageFoundMembers } from "../store/member-search.ts";
import { pageMemberships } from "../store/memberships.ts";
import { findDomainsOf } from "../store/organization-domains.ts";
import { requireWords } from "../validation/typed-search.ts";

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

  async memberSearch({ id: organizationId }, { query, ...page }, context, info) {
    if (!canReadMembers(context.identity, organizationId)) throw forbiddenField(organizationId, "members.read");
    const words = requireWords(query);
    const { edges, pageInfo, totalCount } = await readConnection(
      context,
      {
        name: `memberSearch:${organizationId}:${JSON.stringify(words)}`,
        keyOf: keyOfFound,
        page: (tx, at) => pageFoundMembers(tx, organizationId, words, at),
      },
      page,
      info,
    );
    const members = await Promise.all(
      edges.map(async (edge) => ({
        node: await context.loaders.membership.load(edge.node.membershipId),
        // Signed where it is asked for.
        get cursor() {
          return edge.cursor;
        },
      })),
    );
    return { edges: members.filter(isThere), pageInfo, totalCount };
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

  domains({ id: organizationId }, _args, { identity, read }) {
    requireManaged(identity, organizationId);
    return read((tx) => findDomainsOf(tx, organizationId));
  },

  async identityProvider({ id: organizationId }, _args, { identity, read }) {
    requireManaged(identity, organizationId);
    return (await read((tx) => findProvider(tx, organizationId))) ?? null;
  },

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

/** @throws AppError `FORBIDDEN` */
function requireManaged(identity: Identity, organizationId: OrganizationId): void {
  if (!holds(identity, organizationId, MANAGE_ORGANIZATION)) throw forbiddenField(organizationId, MANAGE_ORGANIZATION);
}

interface MemberEdge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

/** One who left between the search and now is passed over. */
function isThere(edge: MemberEdge<Membership | null>): edge is MemberEdge<Membership> {
  return edge.node !== null;
}

const DAY_MS = 24 * 3_600_000;
