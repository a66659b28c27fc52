/** What inputs say of API keys: which one, and how long it is to be good. */
import type { Identity } from "../../../platform/auth/identity.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { ApiKey } from "../domain/api-key.ts";
import { ApiKeyId } from "../domain/ids.ts";
import { MANAGE_API_KEYS } from "../policies.ts";
import { findApiKeys } from "../store/api-keys.ts";
import type { UserTransaction } from "../store/database.ts";
import { holdManaged } from "./managed-row.ts";

/** What of a secret is shown later on: its end, which tells keys apart and opens nothing. */
export const hintOf = (secret: string): string => secret.slice(-4);

/** @throws UserFailure `INVALID` for a moment that is not ahead */
export function requireExpiry(expiresAt: Date, now: Date): Date {
  if (expiresAt <= now) throw refuse("INVALID", "A key can expire in the future only.", "expiresAt");
  return expiresAt;
}

const API_KEY = { kind: ApiKeyId, noun: "API key", permission: MANAGE_API_KEYS, find: findApiKeys } as const;

/**
 * A key, for somebody who may manage it; its organisation is held until the commit.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`
 */
export function requireApiKey(tx: UserTransaction, identity: Identity, text: string): Promise<ApiKey> {
  return holdManaged(tx, identity, API_KEY, text);
}
