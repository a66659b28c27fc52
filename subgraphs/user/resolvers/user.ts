import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { UserId } from "../domain/ids.ts";

export const user: ResolversOf<"User", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(UserId, id, loaders.user),
};
