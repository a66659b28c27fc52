/**
 * Mails, by event. Each is sent at least once: a crash between the mail server's answer and our commit sends it again,
 * with another token that works as well. A mail server that is away delays mails and never a registration; what it
 * keeps refusing becomes a dead letter.
 */
import { z } from "zod";
import { requireTenantId } from "../../platform/auth/principal-ids.ts";
import { inTenants } from "../../platform/database/tenant-transaction.ts";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import type { EventHandler } from "../../platform/events/group-consumer.ts";
import type { Mailer } from "../../platform/mail/mailer.ts";
import type { EventType } from "../../schema/generated/events.ts";
import { INVITATION_TOKEN, mintToken, VERIFICATION_TOKEN } from "./credentials/opaque-token.ts";
import { InvitationId, UserId } from "./domain/ids.ts";
import { type User, VERIFICATION_LIFETIME_MS } from "./domain/user.ts";
import { accountExistsMail, invitationMail, type MailText, verificationMail, welcomeMail } from "./mail/mail-texts.ts";
import type { UserServices } from "./services.ts";
import type { UserTransaction } from "./store/database.ts";
import { beginDelivery, markFailed, markSent } from "./store/email-deliveries.ts";
import { insertVerification } from "./store/email-verifications.ts";
import { findInvitations, insertInvitationToken } from "./store/invitations.ts";
import { findOrganizations } from "./store/organizations.ts";
import { findUser } from "./store/users.ts";

export interface MailHandlerDeps {
  readonly services: Pick<UserServices, "database" | "clock">;
  readonly mailer: Mailer;
  /** Address of the web client: mails link to it whatever host a request named. */
  readonly webClientUrl: string;
}

interface Message {
  readonly template: string;
  readonly to: string;
  readonly mail: MailText;
}

/** Writes the mail, storing the hash of a token that it carries; `undefined` when it is not called for any more. */
type Compose = (event: EventEnvelope, tx: UserTransaction) => Promise<Message | undefined>;

const userData = z.object({ userId: UserId.schema });
const invitationData = z.object({ invitationId: InvitationId.schema });

export function mailHandlers({
  services: { database, clock },
  mailer,
  webClientUrl,
}: MailHandlerDeps): Record<string, EventHandler<UserTransaction>> {
  const linkTo = (path: string, token?: string): string => {
    const url = new URL(path, webClientUrl);
    if (token !== undefined) url.searchParams.set("token", token);
    return url.href;
  };

  function mailing(compose: Compose): EventHandler<UserTransaction> {
    return async (event, tx) => {
      const tenantId = requireTenantId(event.partitionkey);
      // Committed before the mail is sent: the token in it must be known when its reader clicks.
      const message = await inTenants(database, [tenantId], async (earlier) => {
        const composed = await compose(event, earlier);
        if (composed === undefined) return undefined;
        const { template, to: recipient } = composed;
        await beginDelivery(earlier, { eventId: event.id, tenantId, template, recipient }, clock.now());
        return composed;
      });
      if (message === undefined) return;
      try {
        await mailer.send({ to: message.to, ...message.mail });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        await inTenants(database, [tenantId], (failed) => markFailed(failed, event.id, reason));
        throw error;
      }
      await markSent(tx, event.id, clock.now());
    };
  }

  /** A mail to the user that the event is about, while `wanted`. */
  function toUser(
    template: string,
    wanted: (user: User) => boolean,
    write: (user: User, tx: UserTransaction) => MailText | Promise<MailText>,
  ): EventHandler<UserTransaction> {
    return mailing(async (event, tx) => {
      const user = await findUser(tx, userData.parse(event.data).userId);
      if (user === undefined || !wanted(user)) return undefined;
      return { template, to: user.email, mail: await write(user, tx) };
    });
  }

  const verification = toUser(
    "verification",
    ({ status }) => status === "PENDING_VERIFICATION",
    async (user, tx) => {
      const { token, hash } = mintToken(VERIFICATION_TOKEN, user.id);
      const createdAt = clock.now();
      const expiresAt = new Date(createdAt.getTime() + VERIFICATION_LIFETIME_MS);
      await insertVerification(tx, { tokenHash: hash, userId: user.id, createdAt, expiresAt });
      return verificationMail(user.displayName, linkTo("/verify", token));
    },
  );
  const isActive = ({ status }: User): boolean => status === "ACTIVE";

  return {
    "user.registered.v1": verification,
    "user.verification_requested.v1": verification,
    "user.registration_repeated.v1": toUser("account_exists", isActive, ({ displayName }) =>
      accountExistsMail(displayName, linkTo("/sign-in")),
    ),
    "user.email_verified.v1": toUser("welcome", isActive, ({ displayName }) =>
      welcomeMail(displayName, linkTo("/sign-in")),
    ),
    "user.invitation.created.v1": mailing(async (event, tx) => {
      const [invitation] = await findInvitations(tx, [invitationData.parse(event.data).invitationId]);
      if (invitation === undefined || invitation.acceptedAt !== null || invitation.expiresAt <= clock.now())
        return undefined;
      const { id: invitationId, organizationId } = invitation;
      const [organization] = await findOrganizations(tx, [organizationId]);
      if (organization === undefined) return undefined;
      const inviter = await findUser(tx, invitation.invitedById);
      const { token, hash } = mintToken(INVITATION_TOKEN, organizationId);
      await insertInvitationToken(tx, { tokenHash: hash, invitationId, organizationId, createdAt: clock.now() });
      const mail = invitationMail(organization.name, inviter?.displayName ?? "A member", linkTo("/invite", token));
      return { template: "invitation", to: invitation.email, mail };
    }),
  } satisfies Partial<Record<EventType, EventHandler<UserTransaction>>>;
}
