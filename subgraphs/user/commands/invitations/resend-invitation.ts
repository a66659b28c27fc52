/** Sends the mail of an invitation again, at most once a minute, and lets it be good for seven days more. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { InvitationResendInput } from "../../../../schema/generated/user.ts";
import type { InvitationId } from "../../domain/ids.ts";
import { INVITATION_LIFETIME_MS, INVITATION_PAUSE_MS } from "../../domain/invitation.ts";
import { invitationResent } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { renewInvitation } from "../../store/invitations.ts";
import { requireInvitation } from "../../validation/invitations.ts";
import { requireSeatToOffer } from "../../validation/seats.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID`, `LIMIT_REACHED` */
export async function resendInvitation(
  services: UserServices,
  { identity, causation }: Actor,
  input: InvitationResendInput,
): Promise<CommandOutcome<{ invitationId: InvitationId }>> {
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const now = services.clock.now();
    const { id, organizationId, acceptedAt, revokedAt, expiresAt } = await requireInvitation(tx, identity, input.id);
    if (acceptedAt !== null) throw refuse("STATE_INVALID", "This invitation was accepted.", "id");
    if (revokedAt !== null) throw refuse("STATE_INVALID", "This invitation was taken back: invite again.", "id");
    // It is open again, and may take a seat that somebody else was offered meanwhile.
    if (expiresAt <= now) await requireSeatToOffer(tx, organizationId, now);
    const renewed = await renewInvitation(tx, id, {
      now,
      notAfter: new Date(now.getTime() - INVITATION_PAUSE_MS),
      expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS),
    });
    if (renewed === undefined) throw refuse("LIMIT_REACHED", "This mail was sent a moment ago: wait a minute.", "id");
    emit(invitationResent(renewed));
    return { invitationId: id };
  });
}
