/** Tells the founder of an organisation that its billing account is open. */
import { OrganizationId } from "../../domain/ids.ts";
import { findFounder } from "../../store/memberships.ts";
import { findOrganizations } from "../../store/organizations.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

const DAY_MS = 24 * 3_600_000;

export const organizationWelcome: MailKind = {
  template: "organization_welcome",
  about: "organizationId",
  // Later it would be no welcome: organisations of before this mail are not greeted when the log is read anew.
  withinMs: DAY_MS,
  async compose(tx, regardingId, { linkTo }) {
    const organizationId = OrganizationId.require(regardingId);
    const [organization] = await findOrganizations(tx, [organizationId]);
    const founderId = await findFounder(tx, organizationId);
    const founder = founderId === undefined ? undefined : await findUser(tx, founderId);
    if (organization?.status !== "ACTIVE" || founder?.status !== "ACTIVE") return undefined;
    return {
      to: founder.email,
      reader: founder,
      words: {
        template: "organization_welcome",
        values: { displayName: founder.displayName, organization: organization.name },
      },
      url: linkTo("/"),
      optional: { userId: founder.id, topic: "GETTING_STARTED" },
    };
  },
};
