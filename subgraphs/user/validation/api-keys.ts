/** What inputs say of API keys: which one, and how long it is to be good. */
import type { Identity } from "../../../platform/auth/identity.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { ApiKey } from "../domain/api-key.ts";
import { ApiKeyId } from "../domain/ids.ts";
import { requireActive } from "../errors.ts";
import { MANAGE_API_KEYS } from "../policies.ts";
import { findApiKeys } from "../store/api-keys.ts";
import type { UserTransaction } from "../store/database.ts";
import { lockOrganization } from "../store/organizations.ts";

/** What of a secret is shown later on: its end, which tells keys apart and opens nothing. */
export const hintOf = (secret: string): string => secret.slice(-4);

/** @throws UserFailure `INVALID` for a moment that is not ahead */
export function requireExpiry(expiresAt: Date, now: Date): Date {
  if (expiresAt <= now) throw refuse("INVALID", "A key can expire in the future only.", "expiresAt");
  return expiresAt;
}

/**
 * A key, for somebody who may manage it; its organisation is held until the commit.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`
 */
export async function requireApiKey(tx: UserTransaction, identity: Identity, text: string): Promise<ApiKey> {
  const missing = notFound("API key", "id");
  const id = ApiKeyId.from(text);
  const [seen] = id === undefined ? [] : await findApiKeys(tx, [id]);
  if (seen === undefined) throw missing;
  requirePermission(identity, seen.organizationId, MANAGE_API_KEYS, missing);
  requireActive(await lockOrganization(tx, seen.organizationId));
  // Again: it may have been changed while we waited.
  const [apiKey] = await findApiKeys(tx, [seen.id]);
  if (apiKey === undefined) throw missing;
  return apiKey;
}
