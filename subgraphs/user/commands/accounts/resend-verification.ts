/** Asks for the verification mail again, at most once a minute. The answer is the same for every address. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { VerificationResendInput } from "../../../../schema/generated/user.ts";
import { verificationRequested } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { claimVerificationRequest, findUserByEmail } from "../../store/users.ts";

const PAUSE_MS = 60_000;

export async function resendVerification(
  services: UserServices,
  { causation }: Cause,
  { email }: VerificationResendInput,
): Promise<CommandOutcome<{ accepted: boolean }>> {
  const user = await findUserByEmail(services.database.autocommit, email);
  const tenants = user === undefined ? [] : [user.id];
  return runCommand(services, { tenants, causation }, async ({ tx, emit }) => {
    if (user === undefined) return { accepted: true };
    const now = services.clock.now();
    const version = await claimVerificationRequest(tx, user.id, { now, notAfter: new Date(now.getTime() - PAUSE_MS) });
    if (version !== undefined) emit(verificationRequested(user.id, version));
    return { accepted: true };
  });
}
