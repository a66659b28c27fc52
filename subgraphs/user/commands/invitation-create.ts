/** Invites somebody into an organisation. The mail, which alone carries a token, follows from the event. */
import { z } from "zod";
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { InvitationCreateInput } from "../../../schema/generated/user.ts";
import { notFound, requireActive, requirePermission } from "../errors.ts";
import { MANAGE_MEMBERS } from "../policies.ts";
import { requireRoles } from "../role-choice.ts";
import type { Actor, UserServices } from "../services.ts";
import { countPending, insertInvitation } from "../store/invitations.ts";
import { isMember } from "../store/memberships.ts";
import { lockOrganization } from "../store/organizations.ts";
import { findUserByEmail } from "../store/users.ts";

export const INVITATION_LIFETIME_MS = 7 * 24 * 3_600_000;
const MAX_PENDING = 200;

const storedResult = z.object({ invitationId: z.string() });

export async function createInvitation(
  services: UserServices,
  { identity, causation }: Actor,
  { idempotencyKey, ...input }: InvitationCreateInput,
): Promise<CommandOutcome<{ invitationId: string }>> {
  const { organizationId, email } = input;
  const { userId } = identity;
  requirePermission(identity, organizationId, MANAGE_MEMBERS, notFound("organisation", "organizationId"));
  const { clock, ids } = services;
  const command = {
    tenants: [userId, organizationId],
    causation,
    ...(idempotencyKey == null
      ? {}
      : {
          idempotency: {
            key: idempotencyKey,
            tenant: userId,
            command: "invitationCreate",
            input,
            result: storedResult,
          },
        }),
  };
  return runCommand(services, command, async ({ tx, emit }) => {
    const now = clock.now();
    requireActive(await lockOrganization(tx, organizationId));
    const roles = await requireRoles(tx, organizationId, input.roleIds);
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
    const invitationId = ids.next("ivt");
    await insertInvitation(tx, {
      id: invitationId,
      organizationId,
      email,
      roleIds: roles.map(({ id }) => id),
      invitedById: userId,
      createdAt: now,
      expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS),
    });
    emit({
      type: "user.invitation.created.v1",
      subject: invitationId,
      aggregateVersion: 1,
      key: organizationId,
      organizationId,
      data: { invitationId, organizationId, invitedById: userId },
    });
    return { invitationId };
  });
}
