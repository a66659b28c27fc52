import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";

export const featureFlagRule: ResolversOf<"FeatureFlagRule", UserContext, UserParents> = {
  targetId: ({ target }) => (target === "" ? null : target),
};
