import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { apiKeyStatus } from "../domain/api-key.ts";
import { ApiKeyId } from "../domain/ids.ts";

export const apiKey: ResolversOf<"ApiKey", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(ApiKeyId, id, loaders.apiKey),
  status: (key, _args, { services }) => apiKeyStatus(key, services.clock.now()),
  grantedBy: ({ grantedById }, _args, { loaders }) => loaders.user.load(grantedById),
};
