/** Confirms an e-mail address with the token from the mail. A token works once, for 24 hours. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { EmailVerifyInput } from "../../../../schema/generated/user.ts";
import { parseToken, VERIFICATION_TOKEN } from "../../credentials/opaque-token.ts";
import type { User } from "../../domain/user.ts";
import { emailVerified } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { consumeVerification } from "../../store/email-verifications.ts";
import { activateUser } from "../../store/users.ts";

/** @throws UserFailure `EXPIRED` */
export async function verifyEmail(
  services: UserServices,
  { causation }: Cause,
  { token }: EmailVerifyInput,
): Promise<CommandOutcome<User>> {
  // One answer for a malformed, unknown, used and expired token: none of them says more than "ask for a new one".
  const expired = refuse("EXPIRED", "This link is no longer valid: ask for a new one.", "token");
  const parsed = parseToken(VERIFICATION_TOKEN, token);
  if (parsed === undefined) throw expired;
  const { ownerId: userId, hash: tokenHash } = parsed;
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    const now = services.clock.now();
    if (!(await consumeVerification(tx, { userId, tokenHash, now }))) throw expired;
    const user = await activateUser(tx, userId, now);
    if (user === undefined) throw expired;
    emit(emailVerified(userId, user.version, now));
    return user;
  });
}
