/** Calls for the mail that an event is followed by. */
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { MailKind } from "../../mail/mail-kind.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { callForMail } from "./call-for-mail.ts";

/** @throws Error when the event does not name what the mail is about */
export async function requestMail(
  services: Pick<UserServices, "outbox" | "clock">,
  tx: UserTransaction,
  cause: EventEnvelope,
  kind: MailKind,
): Promise<void> {
  const regardingId = cause.data[kind.about];
  if (typeof regardingId !== "string")
    throw new Error(`${cause.type} does not name the ${kind.about} of a ${kind.template} mail`);
  await callForMail(services, tx, cause, kind, { eventId: cause.id, regardingId });
}
