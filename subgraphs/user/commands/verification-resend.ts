/** Asks for the verification mail again, at most once a minute. The answer is the same for every address. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import type { VerificationResendInput } from "../../../schema/generated/user.ts";
import type { Cause, UserServices } from "../services.ts";
import { claimVerificationRequest, findUserByEmail } from "../store/users.ts";

const PAUSE_MS = 60_000;

export async function resendVerification(
  services: UserServices,
  { causation }: Cause,
  { email }: VerificationResendInput,
): Promise<CommandOutcome<{ accepted: boolean }>> {
  const user = await findUserByEmail(services.client, email);
  const tenants = user === undefined ? [] : [user.id];
  return runCommand(services, { tenants, causation }, async ({ tx, emit }) => {
    if (user === undefined) return { accepted: true };
    const now = services.clock.now();
    const version = await claimVerificationRequest(tx, user.id, { now, notAfter: new Date(now.getTime() - PAUSE_MS) });
    if (version !== undefined) {
      emit({
        type: "user.verification_requested.v1",
        subject: user.id,
        aggregateVersion: version,
        key: user.id,
        data: { userId: user.id },
      });
    }
    return { accepted: true };
  });
}
