/** Takes an open invitation back. One that was taken back before is no failure and no event. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { InvitationRevokeInput } from "../../../../schema/generated/user.ts";
import type { InvitationId } from "../../domain/ids.ts";
import { invitationRevoked } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { revokeInvitations } from "../../store/invitations.ts";
import { requireInvitation } from "../../validation/invitations.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID` */
export async function revokeInvitation(
  services: UserServices,
  { identity, causation }: Actor,
  input: InvitationRevokeInput,
): Promise<CommandOutcome<{ invitationId: InvitationId }>> {
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const now = services.clock.now();
    const { id, acceptedAt, revokedAt, expiresAt } = await requireInvitation(tx, identity, input.id);
    if (acceptedAt !== null) throw refuse("STATE_INVALID", "This invitation was accepted.", "id");
    if (revokedAt === null && expiresAt <= now) throw refuse("STATE_INVALID", "This invitation has expired.", "id");
    for (const invitation of await revokeInvitations(tx, { id }, now)) emit(invitationRevoked(invitation, "withdrawn"));
    return { invitationId: id };
  });
}
