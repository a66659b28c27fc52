import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { SessionId } from "../domain/ids.ts";

export const session: ResolversOf<"Session", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(SessionId, id, loaders.session),
  user: async ({ userId }, _args, { loaders }) => required(await loaders.user.load(userId), "user"),
  current: ({ id }, _args, { identity }) => identity.kind === "USER" && identity.sessionId === id,
};
