/**
 * Keeps where an organisation wants mails about its money. The consumer that calls for such mails does it, so that the
 * events of one organisation meet in order: a mail that is called for after a change goes to the new address.
 */
import { z } from "zod";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { ConsumerServices } from "../services.ts";
import { putBillingContact } from "../store/billing-contacts.ts";
import type { UserTransaction } from "../store/database.ts";
import { findOrganizations } from "../store/organizations.ts";

const updated = z.object({ sealedBillingEmail: z.string().nullish() });

export const noteBillingContact: RoutedHandler<ConsumerServices, UserTransaction> = async (
  { contactSeal },
  { partitionkey, data, time },
  tx,
) => {
  const { sealedBillingEmail } = updated.parse(data);
  if (sealedBillingEmail === undefined) return;
  const organizationId = OrganizationId.require(partitionkey);
  const [organization] = await findOrganizations(tx, [organizationId]);
  // An event that comes late brings nothing back of what was erased.
  if (organization === undefined || organization.status === "DELETED") return;
  const email = sealedBillingEmail === null ? null : contactSeal.open(sealedBillingEmail, organizationId);
  await putBillingContact(tx, organizationId, { email, changedAt: new Date(time) });
};
