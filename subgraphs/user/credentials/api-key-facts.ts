/** What an API key may do now. */
import type { ApiKeyFacts, ClientClaims } from "../../../platform/auth/token-service.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { type ApiKey, apiKeyPermissions, apiKeyStatus, earliest } from "../domain/api-key.ts";
import type { UserServices } from "../services.ts";
import { findApiKeyBySecret, touchApiKey } from "../store/api-keys.ts";
import { findGrants } from "../store/roles.ts";
import { findUser } from "../store/users.ts";
import { NOTED_EVERY_MS } from "./last-used.ts";

type Services = Pick<UserServices, "database" | "clock">;

export interface LiveApiKey {
  readonly apiKey: ApiKey;
  /** When this secret of it ends; `null`: not by itself. */
  readonly endsAt: Date | null;
  /** What whoever gave it may do in its organisation. */
  readonly giverMay: ReadonlySet<string>;
}

/**
 * Notes that the key was used.
 * @returns `undefined` when it is revoked, expired or unknown, or when its giver is suspended or left the organisation
 */
export function recognizeApiKey(
  { database, clock }: Services,
  { organizationId, secretHash }: ClientClaims,
): Promise<LiveApiKey | undefined> {
  const now = clock.now();
  return inTenants(database, [organizationId], async (tx) => {
    const found = await findApiKeyBySecret(tx, secretHash);
    if (found === undefined) return undefined;
    const { apiKey, endsAt } = found;
    if (apiKeyStatus(apiKey, now) !== "ACTIVE" || (endsAt !== null && endsAt <= now)) return undefined;
    if ((await findUser(tx, apiKey.grantedById))?.status !== "ACTIVE") return undefined;
    const giverMay = (await findGrants(tx, apiKey.grantedById)).get(organizationId);
    if (giverMay === undefined) return undefined;
    await touchApiKey(tx, apiKey.id, { now, notAfter: new Date(now.getTime() - NOTED_EVERY_MS) });
    return { apiKey, endsAt: earliest(apiKey.expiresAt, endsAt), giverMay };
  });
}

/** @returns `null` for a key that is not good */
export async function findApiKeyFacts(services: Services, claims: ClientClaims): Promise<ApiKeyFacts | null> {
  const live = await recognizeApiKey(services, claims);
  if (live === undefined) return null;
  const { apiKey, endsAt, giverMay } = live;
  return {
    keyId: apiKey.id,
    organizationId: apiKey.organizationId,
    grantedBy: apiKey.grantedById,
    permissions: apiKeyPermissions(apiKey.scopes, giverMay),
    expiresAt: endsAt,
  };
}
