/**
 * Asks for a mail that lets one choose a new password, at most once a minute. The answer is the same for every
 * address.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { PasswordResetRequestInput } from "../../../../schema/generated/user.ts";
import { passwordResetRequested } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { claimResetRequest, findUserByEmail } from "../../store/users.ts";

const PAUSE_MS = 60_000;

export async function requestPasswordReset(
  services: UserServices,
  { causation }: Cause,
  { email }: PasswordResetRequestInput,
): Promise<CommandOutcome<{ accepted: boolean }>> {
  const user = await findUserByEmail(services.database.autocommit, email);
  const tenants = user === undefined ? [] : [user.id];
  return runCommand(services, { tenants, causation }, async ({ tx, emit }) => {
    if (user === undefined) return { accepted: true };
    const now = services.clock.now();
    const version = await claimResetRequest(tx, user.id, { now, notAfter: new Date(now.getTime() - PAUSE_MS) });
    if (version !== undefined) emit(passwordResetRequested(user.id, version));
    return { accepted: true };
  });
}
