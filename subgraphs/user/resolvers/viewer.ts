import { AppError } from "../../../platform/errors/app-error.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { readConnection } from "../read-connection.ts";
import { pageMemberships } from "../store/memberships.ts";
import { pageSessions } from "../store/sessions.ts";

/** The account or session went away while its token was still valid. */
function gone(): AppError {
  return new AppError("UNAUTHENTICATED", "This session has ended: sign in again.");
}

export const viewer: ResolversOf<"Viewer", UserContext, UserParents> = {
  user: async ({ userId }, _args, { loaders }) => {
    const user = await loaders.user.load(userId);
    if (user === null) throw gone();
    return user;
  },
  session: async ({ sessionId }, _args, { loaders }) => {
    const session = await loaders.session.load(sessionId);
    if (session === null) throw gone();
    return session;
  },
  sessions: ({ userId }, args, context, info) =>
    readConnection(context, `sessions:${userId}`, args, info, (tx, page) =>
      pageSessions(tx, userId, context.services.clock.now(), page),
    ),
  memberships: ({ userId }, args, context, info) =>
    readConnection(context, `memberships:${userId}`, args, info, (tx, page) => pageMemberships(tx, { userId }, page)),
  permissions: (_viewer, { organizationId }, { identity }) =>
    identity.kind === "USER" ? [...(identity.grants.get(organizationId) ?? [])].sort() : [],
};
