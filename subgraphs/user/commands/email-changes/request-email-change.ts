/**
 * Begins to move the viewer's account to another address. The present address is asked first: until it agrees, the new
 * one hears nothing. So nobody can have mails sent to strangers, nor learn who has an account.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { EmailChangeRequestInput } from "../../../../schema/generated/user.ts";
import { EMAIL_CHANGE_LIFETIME_MS } from "../../domain/email-change.ts";
import { emailChangeRequested } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { replaceEmailChange } from "../../store/email-changes.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";
import { requireEmail } from "../../validation/text.ts";

/** @throws UserFailure `INVALID`, `TOO_LONG` */
export async function requestEmailChange(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { password, ...input }: EmailChangeRequestInput,
): Promise<CommandOutcome<{ accepted: boolean }>> {
  const email = requireEmail(input.email);
  const { clock, ids } = services;
  await requireOwnPassword(services, userId, password);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const user = await findUser(tx, userId);
    if (user?.email === email) throw refuse("INVALID", "This is your address already: enter another one.", "email");
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + EMAIL_CHANGE_LIFETIME_MS);
    await replaceEmailChange(tx, { id: ids.uuid(), userId, email, createdAt: now, expiresAt });
    emit(emailChangeRequested(userId, user?.version ?? 0));
    return { accepted: true };
  });
}
