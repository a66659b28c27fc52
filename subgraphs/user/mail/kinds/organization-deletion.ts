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
    return {
      to: owner.email,
      reader: owner,
      words: {
        template: "organization_deletion",
        values: { displayName: owner.displayName, organization: name, day: deletesAt },
      },
      url: linkTo("/"),
    };
  },
} as const satisfies MailKind;
