/**
 * Joins an organisation with the token from the mail. The token is not enough: the viewer's address must be the invited
 * one.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { InvitationAcceptInput } from "../../../../schema/generated/user.ts";
import type { MembershipId } from "../../domain/ids.ts";
import type { UserServices } from "../../services.ts";
import { findUser } from "../../store/users.ts";
import {
  invitationExpired,
  requireInvitationToken,
  requireOpenInvitation,
} from "../../validation/invitation-tokens.ts";
import { joinByInvitation } from "./join-by-invitation.ts";

/** @throws UserFailure `EXPIRED`, `FORBIDDEN`, `STATE_INVALID`, `LIMIT_REACHED` */
export async function acceptInvitation(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { token }: InvitationAcceptInput,
): Promise<CommandOutcome<{ membershipId: MembershipId }>> {
  const { organizationId, hash } = requireInvitationToken(token);
  return runCommand(services, { tenants: [userId, organizationId], causation }, async (scope) => {
    const invitation = await requireOpenInvitation(scope.tx, hash, services.clock.now());
    const user = await findUser(scope.tx, userId);
    if (user === undefined) throw invitationExpired();
    return joinByInvitation(services, scope, invitation, user);
  });
}
