/**
 * Calls for a mail: its row and the event `user.email.requested`, in the transaction of the consumer that was told of
 * the cause. One event calls for one mail, however often it is delivered. Neither row nor event holds a secret.
 */
import { requireTenantId } from "../../../../platform/auth/principal-ids.ts";
import { causedBy, type EventEnvelope } from "../../../../platform/events/envelope.ts";
import { emailRequested } from "../../domain-events.ts";
import type { MailKind } from "../../mail/mail-kind.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { emailIdOf, insertEmail } from "../../store/email-deliveries.ts";

export async function requestMail(
  { outbox, clock }: Pick<UserServices, "outbox" | "clock">,
  tx: UserTransaction,
  cause: EventEnvelope,
  { template, about, withinMs = Number.POSITIVE_INFINITY }: MailKind,
): Promise<void> {
  const now = clock.now();
  if (now.getTime() - Date.parse(cause.time) > withinMs) return;
  const regardingId = cause.data[about];
  if (typeof regardingId !== "string")
    throw new Error(`${cause.type} does not name the ${about} of a ${template} mail`);
  const tenantId = requireTenantId(cause.partitionkey);
  if (!(await insertEmail(tx, { eventId: cause.id, tenantId, template, regardingId }, now))) return;
  const mail = { id: emailIdOf(cause.id), tenantId, template, regardingId };
  await outbox.append(tx, [emailRequested(mail)], causedBy(cause));
}
