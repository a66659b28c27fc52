/**
 * What the user subgraph does about events: `routes` says which consumers act on which event, `consumers` what each is.
 * The chains: a person registers → a mail is requested → it is delivered; an organisation is created → billing opens
 * its account → it is active → the welcome mail is requested → it is delivered.
 */
import type { ConsumerFacts, RoutedHandler, Routes } from "../../platform/events/routing-table.ts";
import type { EventType } from "../../schema/generated/events.ts";
import { rowEviction } from "./cache/row-eviction.ts";
import { deliverMail } from "./commands/mails/deliver-mail.ts";
import { requestMail } from "./commands/mails/request-mail.ts";
import { requestMoneyMails } from "./commands/mails/request-money-mails.ts";
import { requestOwnerMails } from "./commands/mails/request-owner-mails.ts";
import { accountExists } from "./mail/kinds/account-exists.ts";
import { emailChangeApproval } from "./mail/kinds/email-change-approval.ts";
import { emailChangeConfirmation } from "./mail/kinds/email-change-confirmation.ts";
import { invitation } from "./mail/kinds/invitation.ts";
import { organizationDeletion } from "./mail/kinds/organization-deletion.ts";
import { organizationWelcome } from "./mail/kinds/organization-welcome.ts";
import { passkeyAdded } from "./mail/kinds/passkey-added.ts";
import { passkeyRemoved } from "./mail/kinds/passkey-removed.ts";
import { passwordChanged } from "./mail/kinds/password-changed.ts";
import { passwordReset } from "./mail/kinds/password-reset.ts";
import { paymentFailed } from "./mail/kinds/payment-failed.ts";
import { planEnded } from "./mail/kinds/plan-ended.ts";
import { planPastDue } from "./mail/kinds/plan-past-due.ts";
import { receipt } from "./mail/kinds/receipt.ts";
import { secondFactorDisabled } from "./mail/kinds/second-factor-disabled.ts";
import { secondFactorEnabled } from "./mail/kinds/second-factor-enabled.ts";
import { verification } from "./mail/kinds/verification.ts";
import { welcome } from "./mail/kinds/welcome.ts";
import type { MailKind } from "./mail/mail-kind.ts";
import type { MoneyNotice } from "./mail/money-notice.ts";
import { noteBillingContact } from "./mail/note-billing-contact.ts";
import { noteEntitlements } from "./plans/note-entitlements.ts";
import { notePlan, noteTrial } from "./plans/note-plan.ts";
import { settleStep } from "./provisioning/settle-step.ts";
import { countRegistered, countVerified, registrationBackfill } from "./registrations/count-registrations.ts";
import { followAccount, followMembership, memberSearchBackfill } from "./search/follow-members.ts";
import type { ConsumerServices } from "./services.ts";
import type { UserTransaction } from "./store/database.ts";

/** Names are groups of the log and names in the inbox: another name would make every event new. */
export const consumers = {
  "user.mail": { kind: "database", does: "Calls for mails, and keeps where those about money go." },
  "user.mailroom": {
    kind: "external",
    does: "Hands requested mails to the mail server.",
    // A mail server may be away for about half a minute.
    retry: { attempts: 6, baseMs: 500, capMs: 15_000 },
    // Each holds two connections of the pool while it is being sent.
    concurrency: 4,
    // Mails wait for no other: one address that a server takes time over delays nobody else's.
    order: "none",
  },
  "user.registrations": {
    kind: "database",
    does: "Counts registrations and confirmed addresses per day.",
    backfill: registrationBackfill,
  },
  "user.search": {
    kind: "database",
    does: "Keeps by which words members are found.",
    backfill: memberSearchBackfill,
  },
  "user.sagas": { kind: "database", does: "Carries sagas on when somebody answered." },
  "user.plans": { kind: "database", does: "Keeps which plan an organisation is on, for feature flags." },
  "user.entitlements": { kind: "database", does: "Keeps what an organisation's plan grants, for the limit of seats." },
  "user.rows": { kind: "cache", does: "Evicts cached rows that another process changed." },
} as const satisfies Record<string, ConsumerFacts<ConsumerServices, UserTransaction>>;

/** Calls for a mail. A new kind is a file in `mail/kinds`, its line in `mail/mail-kinds.ts` and a route. */
const mail =
  (kind: MailKind): RoutedHandler<ConsumerServices, UserTransaction> =>
  (services, event, tx) =>
    requestMail(services, tx, event, kind);

const deletionMails: RoutedHandler<ConsumerServices, UserTransaction> = (services, event, tx) =>
  requestOwnerMails(services, tx, event, organizationDeletion);

/** Calls for a mail to where the organisation wants those about its money. */
const moneyMail =
  (notice: MoneyNotice): RoutedHandler<ConsumerServices, UserTransaction> =>
  (services, event, tx) =>
    requestMoneyMails(services, tx, event, notice);

export const routes = {
  "user.registered.v1": { "user.mail": mail(verification), "user.registrations": countRegistered },
  "user.verification_requested.v1": { "user.mail": mail(verification) },
  "user.password_reset_requested.v1": { "user.mail": mail(passwordReset) },
  "user.password_changed.v1": { "user.mail": mail(passwordChanged) },
  "user.second_factor_enabled.v1": { "user.mail": mail(secondFactorEnabled) },
  "user.second_factor_disabled.v1": { "user.mail": mail(secondFactorDisabled) },
  "user.passkey.added.v1": { "user.mail": mail(passkeyAdded) },
  "user.passkey.removed.v1": { "user.mail": mail(passkeyRemoved) },
  "user.email_change_requested.v1": { "user.mail": mail(emailChangeApproval) },
  "user.email_change_approved.v1": { "user.mail": mail(emailChangeConfirmation) },
  "user.registration_repeated.v1": { "user.mail": mail(accountExists) },
  "user.email_verified.v1": {
    "user.mail": mail(welcome),
    "user.registrations": countVerified,
    "user.search": followAccount,
  },
  "user.email_changed.v1": { "user.search": followAccount },
  "user.profile_updated.v1": { "user.search": followAccount },
  "user.profile_rebuilt.v1": { "user.search": followAccount },
  "user.erased.v1": { "user.search": followAccount },
  "user.membership.created.v1": { "user.search": followMembership },
  "user.invitation.created.v1": { "user.mail": mail(invitation) },
  "user.invitation.resent.v1": { "user.mail": mail(invitation) },
  "user.organization.activated.v1": { "user.mail": mail(organizationWelcome) },
  "user.organization.deletion_scheduled.v1": { "user.mail": deletionMails },
  "billing.account.updated.v1": { "user.mail": noteBillingContact },
  // Credit may pay an invoice as it is issued.
  "billing.invoice.issued.v1": { "user.mail": moneyMail(receipt) },
  "billing.invoice.paid.v1": { "user.mail": moneyMail(receipt) },
  "billing.payment.failed.v1": { "user.mail": moneyMail(paymentFailed) },
  "billing.subscription.past_due.v1": { "user.mail": moneyMail(planPastDue) },
  "billing.subscription.canceled.v1": { "user.mail": moneyMail(planEnded) },
  "billing.saga.step_settled.v1": { "user.sagas": settleStep },
  "billing.subscription.started.v1": { "user.plans": noteTrial },
  "billing.subscription.activated.v1": { "user.plans": notePlan },
  "billing.subscription.changed.v1": { "user.plans": notePlan },
  "billing.subscription.renewed.v1": { "user.plans": notePlan },
  "billing.entitlement.changed.v1": { "user.entitlements": noteEntitlements },
  "user.email.requested.v1": { "user.mailroom": deliverMail },
  "user.*": { "user.rows": rowEviction },
} as const satisfies Routes<ConsumerServices, UserTransaction, EventType, keyof typeof consumers>;
