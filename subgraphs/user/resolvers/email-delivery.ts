import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";

export const emailDelivery: ResolversOf<"EmailDelivery", UserContext, UserParents> = {
  timeline: ({ eventId }, _args, { loaders }) => loaders.stepsOfEmail.load(eventId),
};
