/** Tells an owner of an organisation that it was deleted, and until when it can be restored. */
import { MembershipId } from "../../domain/ids.ts";
import { findMembership } from "../../store/memberships.ts";
import { findOrganizations } from "../../store/organizations.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const organizationDeletion = {
  template: "organization_deletion",
  about: "membershipId",
  async compose(tx, regardingId, { linkTo }) {
    const membership = await findMembership(tx, MembershipId.require(regardingId));
    if (membership === undefined) return undefined;
    const [organization] = await findOrganizations(tx, [membership.organizationId]);
    const owner = await findUser(tx, membership.userId);
    if (organization?.deletesAt == null || owner?.status !== "ACTIVE") return undefined;
    const { name, deletesAt } = organization;
    const day = deletesAt.toISOString().slice(0, 10);
    return {
      to: owner.email,
      parts: {
        subject: `${name} was deleted`,
        greeting: `Hello ${owner.displayName},`,
        paragraphs: [
          `${name} was deleted by one of its owners. Nobody works in it any more.`,
          `On ${day} it is gone for good. Until then its owners can restore it:`,
        ],
        link: { label: "Open Tributary", url: linkTo("/") },
      },
    };
  },
} as const satisfies MailKind;
