/** Access tokens for programs that use the client credentials of OAuth 2 (RFC 6749, section 4.4). */
import type { ClientAnswer, ClientCredentials } from "../../../platform/auth/token-service.ts";
import type { UserServices } from "../services.ts";
import { recognizeApiKey } from "./api-key-facts.ts";
import { API_KEY_TOKEN, parseToken } from "./opaque-token.ts";

/** The client's id is that of an API key, its secret is the key. */
export async function issueClientToken(
  services: Pick<UserServices, "database" | "clock" | "accessTokens">,
  { clientId, clientSecret, scope }: ClientCredentials,
): Promise<ClientAnswer> {
  const parsed = parseToken(API_KEY_TOKEN, clientSecret);
  if (parsed === undefined) return { refused: "invalid_client" };
  const { ownerId: organizationId, hash: secretHash } = parsed;
  const live = await recognizeApiKey(services, { organizationId, secretHash });
  if (live?.apiKey.id !== clientId) return { refused: "invalid_client" };
  const { apiKey, endsAt } = live;
  const asked = scope ?? apiKey.scopes;
  if (!asked.every((permission) => apiKey.scopes.includes(permission))) return { refused: "invalid_scope" };
  const { accessToken, expiresAt } = await services.accessTokens.issueForClient({
    keyId: apiKey.id,
    organizationId,
    secretHash,
    scope: asked,
    endsAt,
  });
  // Whole seconds, as the token has them.
  const expiresIn = Math.max(0, expiresAt.getTime() / 1000 - Math.floor(services.clock.now().getTime() / 1000));
  return { token: { accessToken, expiresIn, scope: asked } };
}
