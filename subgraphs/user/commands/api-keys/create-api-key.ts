/**
 * Gives a program a key of an organisation. Its secret is told once, to whoever gave it: a repetition with the same
 * idempotency key does not tell it again.
 */
import { z } from "zod";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { ApiKeyCreateInput } from "../../../../schema/generated/user.ts";
import { API_KEY_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { MAX_API_KEYS } from "../../domain/api-key.ts";
import { ApiKeyId } from "../../domain/ids.ts";
import { apiKeyCreated } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { MANAGE_API_KEYS } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { countGoodApiKeys, insertApiKey, insertApiKeySecret } from "../../store/api-keys.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { hintOf, requireExpiry } from "../../validation/api-keys.ts";
import { requireFeature } from "../../validation/features.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";
import { requirePermissions } from "../../validation/permissions.ts";
import { requireApiKeyName } from "../../validation/text.ts";

const storedResult = z.object({ apiKeyId: ApiKeyId.schema });

export interface IssuedApiKey {
  readonly apiKeyId: ApiKeyId;
  /** Shown once; null where an earlier request was told it. */
  readonly secret: string | null;
}

/**
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `STATE_INVALID`, `LIMIT_REACHED`,
 * `IDEMPOTENCY_…`
 */
export async function createApiKey(
  services: UserServices,
  { identity, causation }: Person,
  { idempotencyKey, ...input }: ApiKeyCreateInput,
): Promise<CommandOutcome<IssuedApiKey>> {
  const { userId } = identity;
  const { clock, ids } = services;
  const organizationId = requireManagedOrganization(identity, input.organizationId, MANAGE_API_KEYS);
  const name = requireApiKeyName(input.name);
  const scopes = requirePermissions(identity, organizationId, input.scopes, "scopes");
  const expiresAt = input.expiresAt == null ? null : requireExpiry(input.expiresAt, clock.now());
  const command = {
    tenants: [userId, organizationId],
    causation,
    idempotency:
      idempotencyKey == null
        ? undefined
        : {
            key: idempotencyKey,
            tenant: userId,
            command: "apiKeyCreate",
            input: { organizationId, name, scopes, expiresAt },
            result: storedResult,
          },
  };
  await requireFeature(services, "api-keys", organizationId);
  const { token, hash } = mintToken(API_KEY_TOKEN, organizationId);
  const { result, replayed } = await runCommand(services, command, async ({ tx, emit }) => {
    const now = clock.now();
    requireActive(await lockOrganization(tx, organizationId));
    if ((await countGoodApiKeys(tx, organizationId, now)) >= MAX_API_KEYS) {
      throw refuse("LIMIT_REACHED", `An organisation has at most ${MAX_API_KEYS} API keys: revoke one first.`);
    }
    const apiKeyId = ids.next("key");
    const given = { name, scopes, grantedById: userId, hint: hintOf(token), createdAt: now, expiresAt };
    const apiKey = { id: apiKeyId, organizationId, ...given };
    await insertApiKey(tx, apiKey);
    await insertApiKeySecret(tx, { tokenHash: hash, apiKeyId, organizationId, createdAt: now });
    emit(apiKeyCreated(apiKey));
    return { apiKeyId };
  });
  return { result: { ...result, secret: replayed ? null : token }, replayed };
}
