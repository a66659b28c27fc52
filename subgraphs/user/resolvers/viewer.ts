import { holds } from "../../../platform/auth/identity.ts";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { exportData } from "../export/data-export.ts";
import { findEmailSubscriptions } from "../store/email-subscriptions.ts";
import { pageMemberships } from "../store/memberships.ts";
import { findPasskeys } from "../store/passkeys.ts";
import { countRecoveryCodes, findSecondFactor } from "../store/second-factors.ts";
import { pageSessions } from "../store/sessions.ts";

/** The account or session went away while its token was still valid. */
function userIsGone(): AppError {
  return new AppError("UNAUTHENTICATED", "This session has ended: sign in again.");
}

export const viewer: ResolversOf<"Viewer", UserContext, UserParents> = {
  user: async ({ userId }, _args, { loaders }) => {
    const user = await loaders.user.load(userId);
    if (user === null) throw userIsGone();
    return user;
  },
  session: async ({ sessionId }, _args, { loaders }) => {
    const session = await loaders.session.load(sessionId);
    if (session === null) throw userIsGone();
    return session;
  },

  sessions({ userId }, args, context, info) {
    const now = context.services.clock.now();
    return readConnection(
      context,
      {
        name: `sessions:${userId}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageSessions(tx, userId, now, page),
      },
      args,
      info,
    );
  },

  memberships({ userId }, args, context, info) {
    return readConnection(
      context,
      {
        name: `memberships:${userId}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageMemberships(tx, { userId }, page),
      },
      args,
      info,
    );
  },

  dataExport: async ({ userId }, _args, { read, services }) =>
    // As JSON has it: dates are text.
    JSON.parse(JSON.stringify(await exportData(read, userId, services.clock.now()))),

  emailSubscriptions: ({ userId }, _args, { read }) => read((tx) => findEmailSubscriptions(tx, userId)),

  secondFactor: ({ userId }, _args, { read }) =>
    read(async (tx) => {
      const enrolled = await findSecondFactor(tx, userId);
      const app = enrolled?.confirmedAt == null ? [] : [enrolled];
      const passkeys = await findPasskeys(tx, userId);
      const [createdAt] = [...app, ...passkeys]
        .map((factor) => factor.createdAt)
        .sort((a, b) => a.getTime() - b.getTime());
      if (createdAt === undefined) return null;
      return { createdAt, app: app.length > 0, passkeys, recoveryCodesLeft: await countRecoveryCodes(tx, userId) };
    }),

  can: (_viewer, { action, resourceId }, { identity }) => {
    const organizationId = OrganizationId.from(resourceId);
    return organizationId !== undefined && holds(identity, organizationId, action);
  },

  permissions: (_viewer, args, { identity }) => {
    const organizationId = OrganizationId.from(args.organizationId);
    if (identity.kind !== "USER" || organizationId === undefined) return [];
    return [...(identity.grants.get(organizationId) ?? [])].sort();
  },
};
