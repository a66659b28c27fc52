import type { BillingActivitySubscription } from "../../../schema/generated/operations.ts";
import { featureName } from "../format/entitlement.ts";
import { formatMoney } from "../format/money.ts";
import type { ActivityItem } from "./feed.ts";
import { unknownEventTitle } from "./unknown-event.ts";

type BillingMessage = BillingActivitySubscription["billingEvents"];

export function describeBilling({ eventId, type, occurredAt, actor, event }: BillingMessage): ActivityItem {
  return {
    eventId,
    occurredAt,
    source: "billing",
    ...(actor === null ? {} : { actor: actor.displayName }),
    ...titleOf(type.replace(/\.v\d+$/, ""), event),
  };
}

/** By the event's type, without its version; a type that a later release knows is told by the status. */
const SUBSCRIPTION_NEWS: Readonly<Record<string, string>> = {
  "billing.subscription.started": "started",
  "billing.subscription.changed": "is the plan now",
  "billing.subscription.scheduled": "ends or changes with its period",
  "billing.subscription.resumed": "goes on as it is",
  "billing.subscription.paused": "paused",
  "billing.subscription.renewed": "renewed",
  "billing.subscription.past_due": "is past due",
};
const SUBSCRIPTION_OUTCOMES: Readonly<Record<string, string>> = { ACTIVE: "is active", CANCELED: "canceled" };
const INVOICE_NEWS: Readonly<Record<string, string>> = { "billing.invoice.overdue": "is overdue" };
const INVOICE_OUTCOMES: Readonly<Record<string, string>> = {
  PAID: "paid",
  VOID: "voided",
  UNCOLLECTIBLE: "given up",
};
const DISPUTE_OUTCOMES: Readonly<Record<string, string>> = {
  OPEN: "Payment disputed at the bank",
  WON: "Dispute won: the money stays",
  LOST: "Dispute lost: the money is gone",
};

const DETAILS: Readonly<Record<string, string>> = {
  billingEmail: "e-mail",
  taxId: "tax id",
  address: "address",
};
const nameOfDetail = (field: string): string => DETAILS[field] ?? field;

function titleOf(type: string, event: BillingMessage["event"]): Pick<ActivityItem, "title" | "amount"> {
  switch (event.__typename) {
    case "BillingAccountOpened":
      return { title: "Billing account opened" };
    case "BillingAccountClosed":
      return { title: "Billing account closed" };
    case "TestClockSet":
      return { title: event.target === null ? "Test clock has arrived" : "Test clock is being moved" };
    case "BillingAccountUpdated":
      return { title: `Billing details changed: ${event.changedFields.map(nameOfDetail).join(", ")}` };
    case "PaymentMethodAttached": {
      const last4 = event.paymentMethod?.last4;
      return { title: last4 == null ? "Payment method added" : `Card ending in ${last4} added` };
    }
    case "PaymentMethodDetached":
      return { title: event.last4 === null ? "Payment method removed" : `Card ending in ${event.last4} removed` };
    case "DefaultPaymentMethodChanged": {
      const last4 = event.paymentMethod?.last4;
      return {
        title: last4 == null ? "Another payment method is used" : `Card ending in ${last4} is used from now on`,
      };
    }
    case "SubscriptionChanged": {
      const plan = event.subscription?.plan.name ?? "Plan";
      return { title: `${plan} ${SUBSCRIPTION_NEWS[type] ?? SUBSCRIPTION_OUTCOMES[event.toStatus] ?? "started"}` };
    }
    case "InvoiceChanged": {
      const done = INVOICE_NEWS[type] ?? INVOICE_OUTCOMES[event.toStatus] ?? "issued";
      return { title: `Invoice ${event.invoice?.number ?? ""} ${done}`, amount: formatMoney(event.total) };
    }
    case "CreditNoteChanged": {
      const done = event.toStatus === "VOID" ? "voided" : "issued";
      return { title: `Credit note ${event.creditNote?.number ?? ""} ${done}`, amount: formatMoney(event.total) };
    }
    case "RefundChanged":
      return { title: `Refund ${moneyOutcome(event)}`, amount: formatMoney(event.amount) };
    case "DisputeChanged":
      return { title: DISPUTE_OUTCOMES[event.toStatus] ?? "Payment disputed", amount: formatMoney(event.amount) };
    case "EntitlementChanged":
      return { title: entitlementTitle(event) };
    case "ProviderEventReceived":
      return { title: `The payment provider reports ${event.providerEventType.replaceAll(/[._]/g, " ")}` };
    case "BillingSnapshot":
      // Not asked for: the pages' queries show the state.
      return { title: "Following the billing account" };
    case "PaymentChanged":
      return { title: `Payment ${moneyOutcome(event)}`, amount: formatMoney(event.amount) };
    default:
      return { title: unknownEventTitle(event) };
  }
}

function moneyOutcome({ toStatus, failureCode }: { toStatus: string; failureCode: string | null }): string {
  if (toStatus === "SUCCEEDED") return "succeeded";
  if (toStatus === "PROCESSING") return "is being processed";
  return failureCode === null ? "failed" : `failed: ${failureCode.replaceAll("_", " ")}`;
}

function entitlementTitle(event: Extract<BillingMessage["event"], { readonly __typename: "EntitlementChanged" }>) {
  const { reachedPercent, entitlements } = event;
  if (reachedPercent === null) return "The plan grants something else now";
  const names = entitlements.map(({ key }) => featureName(key)).join(", ");
  return reachedPercent === 0 ? `Less than half of the ${names} is used` : `${reachedPercent} % of the ${names} used`;
}
