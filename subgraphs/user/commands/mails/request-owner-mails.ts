/** Calls for one mail to each owner of the organisation that an event is about, regarding the membership of each. */
import { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { derivedUuid } from "../../../../platform/ids.ts";
import type { MailFacts } from "../../domain/email-delivery.ts";
import type { MailKind } from "../../mail/mail-kind.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { findOwnerships } from "../../store/memberships.ts";
import { callForMail } from "./call-for-mail.ts";

export async function requestOwnerMails(
  services: Pick<UserServices, "outbox" | "clock">,
  tx: UserTransaction,
  cause: EventEnvelope,
  kind: MailKind,
  facts?: MailFacts,
): Promise<void> {
  for (const { id } of await findOwnerships(tx, OrganizationId.require(cause.partitionkey))) {
    const wish = { eventId: derivedUuid(cause.id, id), regardingId: id, ...(facts === undefined ? {} : { facts }) };
    await callForMail(services, tx, cause, kind, wish);
  }
}
