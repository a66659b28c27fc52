/**
 * Calls for a mail: its row and the event `user.email.requested`, in the transaction of the consumer that was told of
 * the cause. One event calls for a mail once, however often it is delivered. Neither row nor event holds a secret.
 */
import { OrganizationId, requireTenantId } from "../../../../platform/auth/principal-ids.ts";
import { causedBy, type EventEnvelope } from "../../../../platform/events/envelope.ts";
import { derivedUuid } from "../../../../platform/ids.ts";
import { emailRequested } from "../../domain-events.ts";
import type { MailKind } from "../../mail/mail-kind.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { type EmailRequest, emailIdOf, insertEmail } from "../../store/email-deliveries.ts";
import { findOwnerships } from "../../store/memberships.ts";

type RequestServices = Pick<UserServices, "outbox" | "clock">;

/** @throws Error when the event does not name what the mail is about */
export async function requestMail(
  services: RequestServices,
  tx: UserTransaction,
  cause: EventEnvelope,
  kind: MailKind,
): Promise<void> {
  const regardingId = cause.data[kind.about];
  if (typeof regardingId !== "string")
    throw new Error(`${cause.type} does not name the ${kind.about} of a ${kind.template} mail`);
  await request(services, tx, cause, kind, { eventId: cause.id, regardingId });
}

/** One mail to each owner of the organisation that the event is about. @param kind about a membership */
export async function requestOwnerMails(
  services: RequestServices,
  tx: UserTransaction,
  cause: EventEnvelope,
  kind: MailKind & { readonly about: "membershipId" },
): Promise<void> {
  for (const { id } of await findOwnerships(tx, OrganizationId.require(cause.partitionkey))) {
    await request(services, tx, cause, kind, { eventId: derivedUuid(cause.id, id), regardingId: id });
  }
}

async function request(
  { outbox, clock }: RequestServices,
  tx: UserTransaction,
  cause: EventEnvelope,
  { template, withinMs = Number.POSITIVE_INFINITY }: MailKind,
  wish: Pick<EmailRequest, "eventId" | "regardingId">,
): Promise<void> {
  const now = clock.now();
  if (now.getTime() - Date.parse(cause.time) > withinMs) return;
  const tenantId = requireTenantId(cause.partitionkey);
  if (!(await insertEmail(tx, { ...wish, tenantId, template }, now))) return;
  const mail = { id: emailIdOf(wish.eventId), tenantId, template, regardingId: wish.regardingId };
  await outbox.append(tx, [emailRequested(mail)], causedBy(cause));
}
