/**
 * Hands a requested mail to the mail server, and says what became of it: `user.email.delivered`; `…failed` after the
 * last attempt, or at once where the server will never take it; `…cancelled` when nothing calls for it any more.
 *
 * A delivered mail is not sent again, however often its request is. There is one exception: when the process dies
 * between the server's answer and our commit, the mail is sent a second time. Both copies have the same Message-ID, by
 * which mail systems recognise them, and the tokens of both work.
 */
import { z } from "zod";
import { requireTenantId } from "../../../../platform/auth/principal-ids.ts";
import { attempt } from "../../../../platform/carriers/attempt.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { causedBy, type EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { HandlerContext } from "../../../../platform/events/group-consumer.ts";
import { unsubscribeToken } from "../../credentials/unsubscribe-token.ts";
import { EmailId } from "../../domain/ids.ts";
import { type EventMail, emailCancelled, emailDelivered, emailFailed } from "../../domain-events.ts";
import type { ComposedMail, MailWriting } from "../../mail/mail-kind.ts";
import { requireMailKind } from "../../mail/mail-kinds.ts";
import type { MailServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { beginAttempt, markCancelled, markFailed, markSent, setRecipient } from "../../store/email-deliveries.ts";
import { isSubscribed } from "../../store/email-subscriptions.ts";

/** See `webhooks/unsubscribe.ts`. */
const ONE_CLICK_PATH = "/webhooks/user/unsubscribe";

const requestedMail = z.object({ emailId: EmailId.schema, template: z.string(), regardingId: z.string() });

/** @throws CarrierFailure when the server cannot be reached, or refuses the mail for now */
export async function deliverMail(
  services: MailServices,
  event: EventEnvelope,
  tx: UserTransaction,
  { last }: Pick<HandlerContext, "last">,
): Promise<void> {
  const { database, outbox, clock, mailer, templates } = services;
  const { emailId, ...request } = requestedMail.parse(event.data);
  const mail: EventMail = { id: emailId, tenantId: requireTenantId(event.partitionkey), ...request };
  const begun = await beginMail(services, mail);
  if (begun === undefined) return;
  const { attempts, composed } = begun;
  if (composed === undefined || !(await isWanted(services, composed))) {
    await markCancelled(tx, emailId, clock.now());
    await outbox.append(tx, [emailCancelled(mail, attempts)], causedBy(event));
    return;
  }
  const end = await attempt(async () => {
    const { pageUrl, oneClickUrl } = unsubscribing(services, composed);
    const rendered = await templates.render({ ...composed, unsubscribeUrl: pageUrl });
    return mailer.send({ id: emailId, to: composed.to, ...rendered, unsubscribeUrl: oneClickUrl });
  }, last);
  if (end.outcome === "TAKEN") {
    await markSent(tx, emailId, clock.now());
    await outbox.append(tx, [emailDelivered(mail, attempts)], causedBy(event));
    return;
  }
  const { outcome, detail, error } = end;
  if (outcome === "OVER" && end.permanent) {
    await markFailed(tx, emailId, detail, clock.now());
    await outbox.append(tx, [emailFailed(mail, attempts, detail)], causedBy(event));
    return;
  }
  await inTenants(database, [mail.tenantId], async (failed) => {
    await markFailed(failed, emailId, detail, clock.now());
    if (outcome === "OVER") await outbox.append(failed, [emailFailed(mail, attempts, detail)], causedBy(event));
  });
  throw error;
}

/**
 * Committed before the mail is sent: the token in it must be known when its reader clicks.
 * @returns `undefined` when there is nothing more to do
 */
function beginMail(services: MailServices, { id, tenantId, template, regardingId }: EventMail) {
  const { database, clock } = services;
  return inTenants(database, [tenantId], async (tx) => {
    const begun = await beginAttempt(tx, id, clock.now());
    if (begun === undefined) return undefined;
    const { attempts, facts } = begun;
    const composed = await requireMailKind(template).compose(tx, regardingId, {
      now: clock.now(),
      facts,
      linkTo: linkInto(services),
    });
    if (composed !== undefined) await setRecipient(tx, id, composed.to);
    return { attempts, composed };
  });
}

/** What is needed is taken; what is not, by whoever did not say otherwise. */
async function isWanted({ database }: MailServices, { optional }: ComposedMail): Promise<boolean> {
  if (optional === undefined) return true;
  return inTenants(database, [optional.userId], (tx) => isSubscribed(tx, optional));
}

function unsubscribing(services: MailServices, { optional }: ComposedMail) {
  if (optional === undefined) return { pageUrl: undefined, oneClickUrl: undefined };
  const token = unsubscribeToken(services.unsubscribeSeal, optional);
  const linkTo = linkInto(services);
  return { pageUrl: linkTo("/unsubscribe", token), oneClickUrl: linkTo(ONE_CLICK_PATH, token) };
}

function linkInto({ webClientUrl }: MailServices): MailWriting["linkTo"] {
  return (path, token) => {
    const url = new URL(path, webClientUrl);
    if (token !== undefined) url.searchParams.set("token", token);
    return url.href;
  };
}
