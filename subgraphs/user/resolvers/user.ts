import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";

export const user: ResolversOf<"User", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.user.load(id),
};
