/**
 * Gives the viewer's account another password. Their other sessions end with the old one, unless they say otherwise.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse, UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { PasswordChangeInput } from "../../../../schema/generated/user.ts";
import { passwordErrors } from "../../credentials/passwords.ts";
import type { User } from "../../domain/user.ts";
import { passwordChanged, sessionRevoked } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { deletePasswordResets } from "../../store/password-resets.ts";
import { revokeSessions } from "../../store/sessions.ts";
import { findPasswordHash, findUser, lockUser, setPassword } from "../../store/users.ts";

const SESSION_REASON = "password_changed";

/** @throws UserFailure `BLANK`, `TOO_LONG`, `INVALID` */
export async function changePassword(
  services: UserServices,
  { identity: { userId, sessionId }, causation }: Person,
  { current, next, revokeOthers }: PasswordChangeInput,
): Promise<CommandOutcome<User>> {
  const { database, passwords, clock } = services;
  const user = await findUser(database.autocommit, userId);
  const errors = passwordErrors(next, user === undefined ? [] : [user.email, user.displayName], "next");
  if (errors.length > 0) throw new UserFailure(errors);
  const storedHash = await findPasswordHash(database.autocommit, userId);
  if (!(await passwords.verify(current, storedHash))) throw wrongPassword();
  if (next === current) throw refuse("INVALID", "This is your password already: choose another one.", "next");
  const passwordHash = await passwords.hash(next);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    // Again: a password that was changed meanwhile is not the one that was judged.
    if ((await findPasswordHash(tx, userId)) !== storedHash) throw wrongPassword();
    const now = clock.now();
    const changed = await setPassword(tx, { id: userId, passwordHash }, { causation, now });
    await deletePasswordResets(tx, userId);
    emit(passwordChanged(userId, changed.version, "changed"));
    if (revokeOthers !== false) {
      for (const session of await revokeSessions(tx, { userId, except: sessionId, reason: SESSION_REASON, now })) {
        emit(sessionRevoked(session, SESSION_REASON));
      }
    }
    return changed;
  });
}

const wrongPassword = () => refuse("INVALID", "The current password is wrong.", "current");
