import type { EntryFieldsFragment } from "../../../schema/generated/operations.ts";
import { formatMoney } from "../format/money.ts";
import { type EntryFacts, entryFacts } from "./entry-facts.ts";
import type { ActivityItem } from "./feed.ts";

const TITLES: Readonly<Record<string, string>> = {
  "user.organization.created": "Organisation created",
  "user.organization.activated": "Organisation set up",
  "user.organization.closed": "Organisation closed",
  "user.organization.updated": "Organisation renamed",
  "user.organization.deletion_scheduled": "Organisation deleted, and can be restored",
  "user.organization.restored": "Organisation restored",
  "user.organization.deleted": "Organisation gone for good",
  "user.organization.security_changed": "What it takes to sign in changed",
  "user.membership.created": "Member joined",
  "user.membership.updated": "Member's role changed",
  "user.membership.removed": "Member removed",
  "user.invitation.created": "Invitation sent",
  "user.invitation.accepted": "Invitation accepted",
  "user.invitation.revoked": "Invitation taken back",
  "user.invitation.resent": "Invitation sent again",
  "user.access.denied": "Refused",
  "billing.access.denied": "Refused in billing",
  "audit.access.denied": "Refused in the audit log",
  "user.sign_in.rejected": "Sign-in refused: no such account",
  "user.second_factor_enabled": "Second factor set up",
  "user.second_factor_disabled": "Second factor taken away",
  "user.email_subscription_changed": "Choice of mails changed",
  "user.passkey.added": "Passkey added",
  "user.passkey.removed": "Passkey taken away",
  "user.recovery_codes_renewed": "Recovery codes renewed",
  "user.recovery_code_used": "Recovery code used",
  "user.email_change_requested": "Change of address asked for",
  "user.email_change_approved": "Change of address approved",
  "user.email_changed": "Address changed",
  "user.password_reset_requested": "New password asked for",
  "user.password_changed": "Password changed",
  "user.profile_updated": "Profile changed",
  "user.profile_rebuilt": "Profile made anew",
  "user.erased": "Person erased",
  "user.saga.changed": "Setting up",
  "user.saga.step_requested": "Setting up: step asked for",
  "billing.saga.step_settled": "Setting up: step answered",
  "user.role.created": "Role made",
  "user.role.updated": "Role changed",
  "user.role.deleted": "Role removed",
  "user.feature_flag.changed": "Feature switched",
  "user.domain.added": "Domain named",
  "user.domain.verified": "Domain shown to be the organisation's",
  "user.domain.removed": "Domain taken away",
  "user.identity_provider.set": "Own sign-in set up",
  "user.identity_provider.removed": "Own sign-in taken away",
  "user.api_key.created": "API key made",
  "user.api_key.rotated": "API key rotated",
  "user.api_key.revoked": "API key revoked",
  "user.email.requested": "Mail called for",
  "user.email.delivered": "Mail sent",
  "user.email.failed": "Mail could not be sent",
  "user.email.cancelled": "Mail no longer needed",
  "user.email.bounced": "Mail bounced",
  "billing.job.started": "Job started",
  "billing.job.progressed": "Job went on",
  "billing.job.finished": "Job ended",
  "billing.plan.published": "Plan published",
  "billing.account.opened": "Billing account opened",
  "billing.account.closed": "Billing account closed",
  "billing.account.test_clock_set": "Test clock set",
  "billing.account.updated": "Billing details changed",
  "billing.payment_method.attached": "Payment method added",
  "billing.payment_method.detached": "Payment method removed",
  "billing.payment_method.made_default": "Another payment method is used",
  "billing.subscription.started": "Plan started",
  "billing.subscription.activated": "Plan is active",
  "billing.subscription.changed": "Plan changed",
  "billing.subscription.scheduled": "Plan ends or changes with its period",
  "billing.subscription.resumed": "Plan goes on as it is",
  "billing.subscription.paused": "Plan paused",
  "billing.subscription.renewed": "Plan renewed",
  "billing.subscription.past_due": "Plan is past due",
  "billing.subscription.canceled": "Plan canceled",
  "billing.invoice.issued": "Invoice issued",
  "billing.invoice.paid": "Invoice paid",
  "billing.invoice.voided": "Invoice voided",
  "billing.invoice.overdue": "Invoice is overdue",
  "billing.invoice.uncollectible": "Invoice given up",
  "billing.refund.processing": "Refund is being processed",
  "billing.refund.succeeded": "Refund succeeded",
  "billing.refund.failed": "Refund failed",
  "billing.dispute.opened": "Payment disputed at the bank",
  "billing.dispute.closed": "Dispute decided by the bank",
  "billing.credit_note.issued": "Credit note issued",
  "billing.credit_note.voided": "Credit note voided",
  "billing.payment.processing": "Payment is being processed",
  "billing.payment.action_required": "Payment waits for its payer",
  "billing.payment.succeeded": "Payment succeeded",
  "billing.payment.failed": "Payment failed",
  "billing.entitlement.changed": "What may be used changed",
  "billing.usage.recorded": "Use recorded",
  "billing.provider_event.received": "News of the payment provider",
};

/** Of a card whose digits are known. */
const CARD_NEWS: Readonly<Record<string, string>> = {
  "billing.payment_method.attached": "added",
  "billing.payment_method.detached": "removed",
  "billing.payment_method.made_default": "is used from now on",
};

export function describeEntry(entry: EntryFieldsFragment): ActivityItem {
  const { eventId, action, occurredAt, hash, actor } = entry;
  const facts = entryFacts(entry.metadata);
  return {
    eventId,
    occurredAt,
    hash,
    source: "audit",
    title: titleOf(action, facts),
    ...(facts.money === undefined ? {} : { amount: formatMoney(facts.money) }),
    ...(actor.user === null ? {} : { actor: actor.user.displayName }),
  };
}

function titleOf(action: string, { number, last4, failureCode }: EntryFacts): string {
  const card = last4 === undefined ? undefined : CARD_NEWS[action];
  if (card !== undefined) return `Card ending in ${last4} ${card}`;
  const title = TITLES[action] ?? sentence(action);
  if (failureCode !== undefined) return `${title}: ${failureCode.replaceAll("_", " ")}`;
  return number === undefined ? title : title.replace(/^Invoice/, `Invoice ${number}`);
}

/** `user.passkey.created` → `User passkey created`: new events are readable before they have a title here. */
function sentence(action: string): string {
  const words = action.replaceAll(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
