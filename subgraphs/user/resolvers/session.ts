import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { required } from "./required.ts";

export const session: ResolversOf<"Session", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.session.load(id),
  user: async ({ userId }, _args, { loaders }) => required(await loaders.user.load(userId), "user"),
  current: ({ id }, _args, { identity }) => identity.kind === "USER" && identity.sessionId === id,
};
