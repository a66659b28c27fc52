import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";

export const identityProvider: ResolversOf<"IdentityProvider", UserContext, UserParents> = {
  redirectUri: (_provider, _args, { services }) => services.providers.redirectUri,
};
