// The main job, end to end: a newcomer pays for a plan while live streams show every event with fields of three
// subgraphs.

import { createLiveClient, type LiveClient, type LiveStream } from "../support/client/live-client.ts";
import {
  attachCard,
  type Member,
  newOrganization,
  type PlatformAddress,
  register,
  signIn,
  startPlan,
  verify,
} from "../support/client/new-member.ts";

/** How long an event may take to arrive, in milliseconds. */
const ARRIVAL_MS = 5_000;

export interface BillingData {
  readonly billingEvents: {
    readonly sequence: string;
    readonly type: string;
    readonly actor: { readonly displayName: string } | null;
    readonly event: {
      readonly __typename: string;
      readonly toStatus?: string;
      readonly invoice?: {
        readonly id: string;
        readonly number: string;
        readonly total: MoneyData;
        readonly status: string;
      } | null;
    };
  };
}

export interface AuditData {
  readonly auditEvents: {
    readonly sequence: string;
    readonly event: {
      readonly entry: {
        readonly action: string;
        readonly hash: string;
        readonly previousHash: string | null;
        readonly actor: { readonly user: { readonly displayName: string } | null };
        readonly targets: readonly { readonly id: string; readonly node: { readonly total?: MoneyData } | null }[];
      } | null;
    };
  };
}

interface MoneyData {
  readonly amountMinor: string;
  readonly currency: string;
  readonly exponent: number;
}

/** Billing's record of the event, the user subgraph's name of the actor. */
export const BILLING_EVENTS = `subscription Billing($org: ID!, $after: String) {
  billingEvents(organizationId: $org, after: $after) {
    sequence type actor { displayName }
    event {
      __typename
      ... on InvoiceChanged { toStatus invoice { id number status total { amountMinor currency exponent } } }
      ... on PaymentChanged { toStatus amount { amountMinor currency exponent } }
      ... on SubscriptionChanged { toStatus subscription { id status plan { name } } }
    }
  }
}`;

/** Audit's entry, the user subgraph's actor, billing's invoice behind the target. */
export const AUDIT_EVENTS = `subscription Audit($org: ID!, $after: String) {
  auditEvents(organizationId: $org, after: $after) {
    sequence
    event {
      ... on AuditRecorded {
        entry {
          action hash previousHash
          actor { user { displayName } }
          targets { id node { ... on Invoice { total { amountMinor currency exponent } } } }
        }
      }
    }
  }
}`;

export interface DemoOutcome {
  readonly member: Member;
  readonly organizationId: string;
  readonly invoiceId: string;
  readonly billing: LiveStream<BillingData>;
  readonly audit: LiveStream<AuditData>;
}

/** @throws Error naming what did not arrive, or what arrived wrong */
export async function runDemo(platform: PlatformAddress, print: (line: string) => void): Promise<DemoOutcome> {
  print(`Tributary at ${platform.url}`);
  const person = await register(platform, "Ada Lovelace");
  print(`registered      ${person.email}`);
  await verify(platform, person);
  print("verified        with the link from the mail");
  const member = await signIn(platform, person);
  print(`signed in       as ${member.displayName}`);
  const account = await newOrganization(member, "Analytical Engines");
  print(`organisation    ${account.organizationId}, billing account ${account.accountId}`);

  const live = createLiveClient({ url: `${platform.url.replace(/^http/, "ws")}/graphql`, token: member.accessToken });
  try {
    return await watchPayment(live, member, account, print);
  } finally {
    await live.close();
  }
}

async function watchPayment(
  live: LiveClient,
  member: Member,
  account: { readonly organizationId: string; readonly accountId: string },
  print: (line: string) => void,
): Promise<DemoOutcome> {
  const org = account.organizationId;
  const billing = await live.subscribe<BillingData>(BILLING_EVENTS, { org });
  const audit = await live.subscribe<AuditData>(AUDIT_EVENTS, { org });
  await attachCard(member, account);
  const { invoice } = await startPlan(member, account);
  print(`plan started    invoice ${invoice.id} is ${invoice.status}`);

  const paid = await billing.waitFor(
    "the paid invoice on billingEvents",
    ({ billingEvents: { event } }) => event.toStatus === "PAID" && event.invoice?.id === invoice.id,
    ARRIVAL_MS,
  );
  const recorded = await audit.waitFor(
    "the audit entry of the payment on auditEvents",
    ({ auditEvents: { event } }) =>
      event.entry?.action === "billing.invoice.paid" && event.entry.targets.some(({ id }) => id === invoice.id),
    ARRIVAL_MS,
  );
  print("");
  for (const { data } of billing.messages) if (data != null) print(billingLine(data));
  for (const { data } of audit.messages) if (data != null) print(auditLine(data));

  const total = paid.data?.billingEvents.event.invoice?.total;
  const payer = paid.data?.billingEvents.actor?.displayName;
  const entry = recorded.data?.auditEvents.event.entry;
  const seen = entry?.targets.find(({ id }) => id === invoice.id)?.node?.total;
  if (total === undefined || !/^[1-9]\d*$/.test(total.amountMinor)) throw new Error("the event has no invoice total");
  if (payer !== member.displayName)
    throw new Error(`the event names the payer "${payer}", not "${member.displayName}"`);
  if (entry?.actor.user?.displayName !== member.displayName) throw new Error("the audit entry does not name the payer");
  if (!/^[0-9a-f]{64}$/.test(entry.hash)) throw new Error("the audit entry has no hash");
  if (seen?.amountMinor !== total.amountMinor) throw new Error("the audit entry does not show the invoice's total");
  return { member, organizationId: org, invoiceId: invoice.id, billing, audit };
}

function billingLine({ billingEvents: { sequence, type, actor, event } }: BillingData): string {
  const total = event.invoice?.total;
  const amount = total === undefined ? "" : `  ${format(total)}`;
  return `billing #${sequence.padEnd(3)} ${type.padEnd(36)} by ${actor?.displayName ?? "the system"}${amount}`;
}

function auditLine({ auditEvents: { sequence, event } }: AuditData): string {
  const entry = event.entry;
  const by = entry?.actor.user?.displayName ?? "the system";
  return `audit   #${sequence.padEnd(3)} ${(entry?.action ?? "?").padEnd(36)} by ${by}  ${entry?.hash.slice(0, 16)}…`;
}

function format({ amountMinor, currency, exponent }: MoneyData): string {
  const digits = amountMinor.padStart(exponent + 1, "0");
  return exponent === 0
    ? `${digits} ${currency}`
    : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)} ${currency}`;
}
