/** Checks the tokens that invitations carry. */
import { refuse, type UserFailure } from "../../../platform/errors/user-failure.ts";
import { INVITATION_TOKEN, parseToken } from "../credentials/opaque-token.ts";
import type { OrganizationId } from "../domain/ids.ts";
import type { Invitation } from "../domain/invitation.ts";
import type { UserTransaction } from "../store/database.ts";
import { findInvitationByToken } from "../store/invitations.ts";

/** One answer for a malformed, unknown, expired and taken back one. */
export function invitationExpired(): UserFailure {
  return refuse("EXPIRED", "This invitation is no longer valid: ask for a new one.", "token");
}

export interface InvitationToken {
  readonly organizationId: OrganizationId;
  readonly hash: string;
}

/** @throws UserFailure `EXPIRED` */
export function requireInvitationToken(text: string): InvitationToken {
  const parsed = parseToken(INVITATION_TOKEN, text);
  if (parsed === undefined) throw invitationExpired();
  return { organizationId: parsed.ownerId, hash: parsed.hash };
}

/** @throws UserFailure `EXPIRED` */
export async function requireOpenInvitation(tx: UserTransaction, hash: string, now: Date): Promise<Invitation> {
  const invitation = await findInvitationByToken(tx, hash);
  if (invitation === undefined || invitation.expiresAt <= now || invitation.revokedAt !== null) {
    throw invitationExpired();
  }
  return invitation;
}
