/**
 * Calls for a mail: its row and the event `user.email.requested`, in the transaction of the consumer that was told of
 * the cause. One event calls for a mail once, however often it is delivered. Neither row nor event holds a secret.
 */
import { requireTenantId } from "../../../../platform/auth/principal-ids.ts";
import { causedBy, type EventEnvelope } from "../../../../platform/events/envelope.ts";
import { emailRequested } from "../../domain-events.ts";
import type { MailKind } from "../../mail/mail-kind.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { type EmailRequest, emailIdOf, insertEmail } from "../../store/email-deliveries.ts";

export async function callForMail(
  { outbox, clock }: Pick<UserServices, "outbox" | "clock">,
  tx: UserTransaction,
  cause: EventEnvelope,
  { template, withinMs = Number.POSITIVE_INFINITY }: MailKind,
  wish: Pick<EmailRequest, "eventId" | "regardingId" | "facts">,
): Promise<void> {
  const now = clock.now();
  if (now.getTime() - Date.parse(cause.time) > withinMs) return;
  const tenantId = requireTenantId(cause.partitionkey);
  if (!(await insertEmail(tx, { ...wish, tenantId, template }, now))) return;
  const mail = { id: emailIdOf(wish.eventId), tenantId, template, regardingId: wish.regardingId };
  await outbox.append(tx, [emailRequested(mail)], causedBy(cause));
}
