/**
 * The invitation that a command is about, for somebody who may manage it; its organisation is held until the commit.
 */
import type { Identity } from "../../../platform/auth/identity.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import { InvitationId } from "../domain/ids.ts";
import type { Invitation } from "../domain/invitation.ts";
import { requireActive } from "../errors.ts";
import { MANAGE_MEMBERS } from "../policies.ts";
import type { UserTransaction } from "../store/database.ts";
import { findInvitations } from "../store/invitations.ts";
import { lockOrganization } from "../store/organizations.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID` while the organisation is suspended */
export async function requireInvitation(tx: UserTransaction, identity: Identity, text: string): Promise<Invitation> {
  const missing = notFound("invitation", "id");
  const id = InvitationId.from(text);
  const [seen] = id === undefined ? [] : await findInvitations(tx, [id]);
  if (seen === undefined) throw missing;
  requirePermission(identity, seen.organizationId, MANAGE_MEMBERS, missing);
  requireActive(await lockOrganization(tx, seen.organizationId));
  // Again: it may have been accepted or taken back while we waited.
  const [invitation] = await findInvitations(tx, [seen.id]);
  if (invitation === undefined) throw missing;
  return invitation;
}
