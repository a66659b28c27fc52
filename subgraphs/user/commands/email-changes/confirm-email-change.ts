/**
 * Goes on with a change of address by a link: that of the present address approves it, that of the new one completes
 * it. A link that is opened again says how far it is. Links for a new password went to the old address, and end.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { isUniqueViolation } from "../../../../platform/database/unique-violation.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { EmailChangeConfirmInput } from "../../../../schema/generated/user.ts";
import { CHANGE_APPROVAL_TOKEN, CHANGE_CONFIRMATION_TOKEN, parseToken } from "../../credentials/opaque-token.ts";
import type { User } from "../../domain/user.ts";
import { emailChangeApproved, emailChanged } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { approveEmailChange, completeEmailChange, findEmailChangeOfToken } from "../../store/email-changes.ts";
import { deletePasswordResets } from "../../store/password-resets.ts";
import { findUser, lockUser, setEmail } from "../../store/users.ts";

export interface ConfirmedEmailChange {
  readonly user: User;
  /** The account has the new address. */
  readonly changed: boolean;
}

/** @throws UserFailure `EXPIRED`, `TAKEN` */
export async function confirmEmailChange(
  services: UserServices,
  { causation }: Cause,
  { token }: EmailChangeConfirmInput,
): Promise<CommandOutcome<ConfirmedEmailChange>> {
  const expired = refuse("EXPIRED", "This link is no longer valid: ask for the change of address again.", "token");
  const approval = parseToken(CHANGE_APPROVAL_TOKEN, token);
  const parsed = approval ?? parseToken(CHANGE_CONFIRMATION_TOKEN, token);
  if (parsed === undefined) throw expired;
  const { ownerId: userId, hash: tokenHash } = parsed;
  try {
    return await runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
      await lockUser(tx, userId);
      const now = services.clock.now();
      const change = await findEmailChangeOfToken(tx, { userId, tokenHash });
      const user = await findUser(tx, userId);
      if (change === undefined || user?.status !== "ACTIVE") throw expired;
      if (change.completedAt !== null) return { user, changed: true };
      if (change.expiresAt <= now) throw expired;
      if (approval !== undefined) {
        if (change.approvedAt === null) {
          await approveEmailChange(tx, change, now);
          emit(emailChangeApproved(userId, user.version));
        }
        return { user, changed: false };
      }
      const moved = await setEmail(tx, { id: userId, email: change.email }, { causation, now });
      await completeEmailChange(tx, change, now);
      await deletePasswordResets(tx, userId);
      emit(emailChanged(userId, moved.version));
      return { user: moved, changed: true };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw refuse("TAKEN", "This address has an account already: ask for the change with another one.", "token");
  }
}
