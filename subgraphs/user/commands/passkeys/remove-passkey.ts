/** Takes a passkey of the viewer away: whoever does it has both factors. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { PasskeyRemoveInput } from "../../../../schema/generated/user.ts";
import { PasskeyId } from "../../domain/ids.ts";
import { passkeyRemoved } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { deletePasskey, findPasskeys } from "../../store/passkeys.ts";
import { lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";
import { takeProof } from "../../validation/second-factor.ts";

/** @throws UserFailure `NOT_FOUND`, `INVALID`, `SECOND_FACTOR_REQUIRED`, `LIMIT_REACHED` */
export async function removePasskey(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { id: text, password, ...proof }: PasskeyRemoveInput,
): Promise<CommandOutcome<{ readonly removedId: string }>> {
  const missing = notFound("passkey", "id");
  const id = PasskeyId.from(text);
  const own = await inTenants(services.database, [userId], (tx) => findPasskeys(tx, userId));
  if (id === undefined || !own.some((passkey) => passkey.id === id)) throw missing;
  await requireOwnPassword(services, userId, password);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    await takeProof(services, tx, userId, proof, { now: services.clock.now(), emit });
    if (!(await deletePasskey(tx, { id, userId }))) throw missing;
    emit(passkeyRemoved({ id, userId }));
    return { removedId: id };
  });
}
