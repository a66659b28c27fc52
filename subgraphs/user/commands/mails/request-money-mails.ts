/**
 * Calls for a mail about an organisation's money: one to where it wants such mails, or else one to each owner. What the
 * mail says is kept with it, so that it says the same however late it is sent.
 */
import { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { MoneyNotice } from "../../mail/money-notice.ts";
import type { UserServices } from "../../services.ts";
import { findBillingContact } from "../../store/billing-contacts.ts";
import type { UserTransaction } from "../../store/database.ts";
import { findOrganizations } from "../../store/organizations.ts";
import { callForMail } from "./call-for-mail.ts";
import { requestOwnerMails } from "./request-owner-mails.ts";

export async function requestMoneyMails(
  services: Pick<UserServices, "outbox" | "clock">,
  tx: UserTransaction,
  cause: EventEnvelope,
  notice: MoneyNotice,
): Promise<void> {
  const organizationId = OrganizationId.require(cause.partitionkey);
  const [organization] = await findOrganizations(tx, [organizationId]);
  if (organization === undefined || organization.status === "DELETED") return;
  const facts = notice.factsOf(cause.data, organization);
  if (facts === undefined) return;
  if ((await findBillingContact(tx, organizationId)) === undefined) {
    await requestOwnerMails(services, tx, cause, notice, facts);
  } else {
    await callForMail(services, tx, cause, notice, { eventId: cause.id, regardingId: organizationId, facts });
  }
}
