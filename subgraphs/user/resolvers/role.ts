import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { RoleId } from "../domain/ids.ts";

export const role: ResolversOf<"Role", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(RoleId, id, loaders.role),
};
