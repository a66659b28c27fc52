/**
 * Gives an API key another secret. Former secrets stay good for a while, so that programs can be given the new one
 * without a failed call. From then on the key is bounded by the rights of whoever rotated it.
 */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { ApiKeyRotateInput } from "../../../../schema/generated/user.ts";
import { API_KEY_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { apiKeyStatus, MAX_OVERLAP_HOURS } from "../../domain/api-key.ts";
import { apiKeyRotated } from "../../domain-events.ts";
import { mayGive } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { endApiKeySecrets, insertApiKeySecret, markApiKeyRotated } from "../../store/api-keys.ts";
import { hintOf, requireApiKey } from "../../validation/api-keys.ts";
import type { IssuedApiKey } from "./create-api-key.ts";

const HOUR_MS = 3_600_000;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID` */
export async function rotateApiKey(
  services: UserServices,
  { identity, causation }: Person,
  { id, overlapHours }: ApiKeyRotateInput,
): Promise<CommandOutcome<IssuedApiKey>> {
  if (overlapHours < 0 || overlapHours > MAX_OVERLAP_HOURS) {
    throw refuse("INVALID", `Former secrets stay good for 0 to ${MAX_OVERLAP_HOURS} hours.`, "overlapHours");
  }
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const now = services.clock.now();
    const apiKey = await requireApiKey(tx, identity, id);
    const { id: apiKeyId, organizationId } = apiKey;
    if (apiKeyStatus(apiKey, now) !== "ACTIVE") {
      throw refuse("STATE_INVALID", "This key was revoked or has expired: make another one.", "id");
    }
    if (!mayGive(identity, organizationId, apiKey.scopes)) {
      throw refuse("FORBIDDEN", "This key may do more than you: somebody who may do that can rotate it.", "id");
    }
    const { token, hash } = mintToken(API_KEY_TOKEN, organizationId);
    const formerEndsAt = new Date(now.getTime() + overlapHours * HOUR_MS);
    await endApiKeySecrets(tx, apiKeyId, formerEndsAt);
    await insertApiKeySecret(tx, { tokenHash: hash, apiKeyId, organizationId, createdAt: now });
    const rotated = await markApiKeyRotated(tx, apiKeyId, { hint: hintOf(token), grantedById: identity.userId });
    emit(apiKeyRotated(rotated, formerEndsAt));
    return { apiKeyId, secret: token };
  });
}
