/** Invites somebody into an organisation. The mail, which alone carries a token, follows from the event. */
import { z } from "zod";
import { keyOwnerIn, responsibleUser } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { InvitationCreateInput } from "../../../../schema/generated/user.ts";
import { InvitationId } from "../../domain/ids.ts";
import { INVITATION_LIFETIME_MS } from "../../domain/invitation.ts";
import { invitationCreated } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { MANAGE_MEMBERS } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { countPending, insertInvitation } from "../../store/invitations.ts";
import { isMember } from "../../store/memberships.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findUserByEmail } from "../../store/users.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";
import { requireGivable } from "../../validation/permissions.ts";
import { requireRoleIds, requireRoles } from "../../validation/roles.ts";
import { requireSeatToOffer } from "../../validation/seats.ts";
import { requireEmail } from "../../validation/text.ts";

const MAX_PENDING = 200;

const storedResult = z.object({ invitationId: InvitationId.schema });

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `TOO_LONG`, `TAKEN`, `LIMIT_REACHED`, `IDEMPOTENCY_…` */
export async function createInvitation(
  services: UserServices,
  { identity, causation }: Actor,
  { idempotencyKey, ...input }: InvitationCreateInput,
): Promise<CommandOutcome<{ invitationId: InvitationId }>> {
  const organizationId = requireManagedOrganization(identity, input.organizationId, MANAGE_MEMBERS);
  const email = requireEmail(input.email);
  const roleIds = requireRoleIds(input.roleIds);
  const { clock, ids } = services;
  const key = idempotencyKey ?? undefined;
  const keyOwner = keyOwnerIn(identity, organizationId);
  const command = {
    tenants: [...new Set([keyOwner, organizationId])],
    causation,
    idempotency:
      key === undefined
        ? undefined
        : {
            key,
            tenant: keyOwner,
            command: "invitationCreate",
            input: { organizationId, email, roleIds },
            result: storedResult,
          },
  };
  return runCommand(services, command, async ({ tx, emit }) => {
    const now = clock.now();
    requireActive(await lockOrganization(tx, organizationId));
    const roles = await requireRoles(tx, organizationId, roleIds);
    requireGivable(identity, organizationId, roles, "roleIds");
    const invited = await findUserByEmail(tx, email);
    if (invited !== undefined && (await isMember(tx, organizationId, invited.id))) {
      throw refuse("TAKEN", "This person is a member already.", "email");
    }
    if ((await countPending(tx, { organizationId, email, now })) > 0) {
      throw refuse("TAKEN", "This address is invited already.", "email");
    }
    if ((await countPending(tx, { organizationId, now })) >= MAX_PENDING) {
      throw refuse("LIMIT_REACHED", `At most ${MAX_PENDING} invitations can be open at once.`);
    }
    await requireSeatToOffer(tx, organizationId, now);
    const invitationId = ids.next("ivt");
    const invitation = {
      id: invitationId,
      organizationId,
      email,
      roleIds: roles.map(({ id }) => id),
      invitedById: responsibleUser(identity),
      createdAt: now,
      expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS),
    };
    await insertInvitation(tx, invitation);
    emit(invitationCreated(invitationId, invitation));
    return { invitationId };
  });
}
