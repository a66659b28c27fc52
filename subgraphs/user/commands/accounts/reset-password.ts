/**
 * Gives an account the password that its owner chose, with the token from the mail: it works once, for an hour. All
 * sessions end: whoever knew the old password may hold one. Whoever has the mailbox has the address, so one that was
 * not confirmed is confirmed by it; what others chose for the account meanwhile is forgotten.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse, UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { PasswordResetInput } from "../../../../schema/generated/user.ts";
import { parseToken, RESET_TOKEN } from "../../credentials/opaque-token.ts";
import { passwordErrors } from "../../credentials/passwords.ts";
import type { User } from "../../domain/user.ts";
import { passwordChanged, sessionRevoked } from "../../domain-events.ts";
import { confirmAddress } from "../../registrations/confirm-address.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { consumePasswordReset, deletePasswordResets } from "../../store/password-resets.ts";
import { findPendingRegistrations } from "../../store/pending-registrations.ts";
import { revokeSessions } from "../../store/sessions.ts";
import { findUser, lockUser, setPassword } from "../../store/users.ts";

const SESSION_REASON = "password_reset";

/** @throws UserFailure `EXPIRED`, `BLANK`, `TOO_LONG`, `INVALID` */
export async function resetPassword(
  services: UserServices,
  { causation }: Cause,
  { token, next }: PasswordResetInput,
): Promise<CommandOutcome<User>> {
  const expired = refuse("EXPIRED", "This link is no longer valid: ask for a new one.", "token");
  const parsed = parseToken(RESET_TOKEN, token);
  if (parsed === undefined) throw expired;
  const { ownerId: userId, hash: tokenHash } = parsed;
  const { database, passwords, clock } = services;
  const user = await findUser(database.autocommit, userId);
  const errors = passwordErrors(next, user === undefined ? [] : [user.email, user.displayName], "next");
  if (errors.length > 0) throw new UserFailure(errors);
  const passwordHash = await passwords.hash(next);
  return runCommand(services, { tenants: [userId], causation }, async (scope) => {
    const { tx, emit } = scope;
    await lockUser(tx, userId);
    const now = clock.now();
    if (!(await consumePasswordReset(tx, { userId, tokenHash, now }))) throw expired;
    const before = await findUser(tx, userId);
    if (before?.status !== "ACTIVE" && before?.status !== "PENDING_VERIFICATION") throw expired;
    const displayName = await nameOf(tx, before);
    const { locale } = before;
    await confirmAddress(scope, { userId, displayName, locale, passwordHash }, { causation, now });
    const changed = await setPassword(tx, { id: userId, passwordHash }, { causation, now });
    await deletePasswordResets(tx, userId);
    emit(passwordChanged(userId, changed.version, "reset"));
    for (const session of await revokeSessions(tx, { userId, reason: SESSION_REASON, now })) {
      emit(sessionRevoked(session, SESSION_REASON));
    }
    return changed;
  });
}

/** Where several people registered the address, nobody knows whose name is the owner's. */
async function nameOf(tx: UserTransaction, { id, displayName }: User): Promise<string> {
  return (await findPendingRegistrations(tx, id)).length > 1 ? "New user" : displayName;
}
