/** Ends an API key, with all its secrets, for good. One that was revoked before is no failure and no event. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { ApiKeyRevokeInput } from "../../../../schema/generated/user.ts";
import type { ApiKeyId } from "../../domain/ids.ts";
import { apiKeyRevoked } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { markApiKeyRevoked } from "../../store/api-keys.ts";
import { requireApiKey } from "../../validation/api-keys.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` */
export async function revokeApiKey(
  services: UserServices,
  { identity, causation }: Actor,
  input: ApiKeyRevokeInput,
): Promise<CommandOutcome<{ apiKeyId: ApiKeyId }>> {
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const { id } = await requireApiKey(tx, identity, input.id);
    const revoked = await markApiKeyRevoked(tx, id, services.clock.now());
    if (revoked !== undefined) emit(apiKeyRevoked(revoked));
    return { apiKeyId: id };
  });
}
