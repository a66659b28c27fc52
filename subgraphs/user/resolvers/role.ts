import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";

export const role: ResolversOf<"Role", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.role.load(id),
};
