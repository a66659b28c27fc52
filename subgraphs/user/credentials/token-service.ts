/** What stands behind credentials as they are now. Asked by the gateway alone. */
import type { TokenService } from "../../../platform/auth/token-service.ts";
import type { UserServices } from "../services.ts";
import { findApiKeyFacts } from "./api-key-facts.ts";
import { issueClientToken } from "./client-tokens.ts";
import { API_KEY_TOKEN, parseToken } from "./opaque-token.ts";
import { findSessionFacts } from "./session-facts.ts";

export function createTokenService(
  services: Pick<UserServices, "database" | "clock" | "accessTokens" | "rowCaches">,
): TokenService {
  return {
    keys: async () => ({ keys: services.accessTokens.keys() }),
    session: (sessionId, userId) => findSessionFacts(services, sessionId, userId),
    async apiKey(token) {
      const parsed = parseToken(API_KEY_TOKEN, token);
      if (parsed === undefined) return null;
      return findApiKeyFacts(services, { organizationId: parsed.ownerId, secretHash: parsed.hash });
    },
    clientToken: (credentials) => issueClientToken(services, credentials),
    client: (claims) => findApiKeyFacts(services, claims),
  };
}
