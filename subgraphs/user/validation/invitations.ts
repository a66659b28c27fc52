/**
 * The invitation that a command is about, for somebody who may manage it; its organisation is held until the commit.
 */
import type { Identity } from "../../../platform/auth/identity.ts";
import { InvitationId } from "../domain/ids.ts";
import type { Invitation } from "../domain/invitation.ts";
import { MANAGE_MEMBERS } from "../policies.ts";
import type { UserTransaction } from "../store/database.ts";
import { findInvitations } from "../store/invitations.ts";
import { holdManaged } from "./managed-row.ts";

const INVITATION = {
  kind: InvitationId,
  noun: "invitation",
  permission: MANAGE_MEMBERS,
  find: findInvitations,
} as const;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` */
export function requireInvitation(tx: UserTransaction, identity: Identity, text: string): Promise<Invitation> {
  return holdManaged(tx, identity, INVITATION, text);
}
