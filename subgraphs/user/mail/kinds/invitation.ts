/** Invites an address into an organisation. Each attempt has a token of its own; all of them work. */
import { INVITATION_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { InvitationId } from "../../domain/ids.ts";
import { findInvitations, insertInvitationToken } from "../../store/invitations.ts";
import { findOrganizations } from "../../store/organizations.ts";
import { findUser, findUserByEmail } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const invitation: MailKind = {
  template: "invitation",
  about: "invitationId",
  async compose(tx, regardingId, { now, linkTo }) {
    const [invited] = await findInvitations(tx, [InvitationId.require(regardingId)]);
    if (invited === undefined || invited.expiresAt <= now) return undefined;
    if (invited.acceptedAt !== null || invited.revokedAt !== null) return undefined;
    const { id: invitationId, organizationId } = invited;
    const [organization] = await findOrganizations(tx, [organizationId]);
    if (organization === undefined) return undefined;
    const inviter = await findUser(tx, invited.invitedById);
    const { token, hash } = mintToken(INVITATION_TOKEN, organizationId);
    await insertInvitationToken(tx, { tokenHash: hash, invitationId, organizationId, createdAt: now });
    return {
      to: invited.email,
      // Somebody without an account reads the language of whoever they hear from.
      reader: (await findUserByEmail(tx, invited.email)) ?? inviter,
      words: {
        template: "invitation",
        values: { inviter: inviter?.displayName ?? null, organization: organization.name },
      },
      url: linkTo("/invite", token),
    };
  },
};
