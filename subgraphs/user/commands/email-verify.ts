/** Confirms an e-mail address with the token from the mail. A token works once, for 24 hours. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { EmailVerifyInput } from "../../../schema/generated/user.ts";
import { parseToken } from "../opaque-token.ts";
import type { Cause, UserServices } from "../services.ts";
import { activateUser, consumeVerification, type UserRow } from "../store/users.ts";

export const VERIFICATION_LIFETIME_MS = 24 * 3_600_000;

export async function verifyEmail(
  services: UserServices,
  { causation }: Cause,
  { token }: EmailVerifyInput,
): Promise<CommandOutcome<UserRow>> {
  // One answer for a malformed, unknown, used and expired token: none of them says more than "ask for a new one".
  const expired = refuse("EXPIRED", "This link is no longer valid: ask for a new one.", "token");
  const parsed = parseToken("verification", token);
  if (parsed === undefined) throw expired;
  const { ownerId: userId, hash: tokenHash } = parsed;
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    const now = services.clock.now();
    if (!(await consumeVerification(tx, { userId, tokenHash, now }))) throw expired;
    const user = await activateUser(tx, userId, now);
    if (user === undefined) throw expired;
    emit({
      type: "user.email_verified.v1",
      subject: userId,
      aggregateVersion: user.version,
      key: userId,
      data: { userId },
    });
    return user;
  });
}
