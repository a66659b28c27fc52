/** Invites an address into an organisation. Each attempt has a token of its own; all of them work. */
import { INVITATION_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { InvitationId } from "../../domain/ids.ts";
import { findInvitations, insertInvitationToken } from "../../store/invitations.ts";
import { findOrganizations } from "../../store/organizations.ts";
import { findUser } from "../../store/users.ts";
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
      parts: {
        subject: `Invitation to ${organization.name}`,
        greeting: "Hello,",
        paragraphs: [`${inviter?.displayName ?? "A member"} invites you to ${organization.name} on Tributary.`],
        link: { label: "Accept the invitation", url: linkTo("/invite", token) },
        footnote: "The invitation is valid for 7 days and for this e-mail address only.",
      },
    };
  },
};
