// Lives a life through on the platform's API, on the account's own clock, and reads its books at the end.
import { randomUUID } from "node:crypto";
import { waitFor } from "../wait.ts";
import type { Books } from "./expected-books.ts";
import type { Life } from "./lives.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of whatever shape was asked for
type Json = any;

/** The API as the owner of one account sees it. */
export interface AccountApi {
  readonly accountId: string;
  /** @returns the data; rejects for errors */
  run(query: string, variables: Readonly<Record<string, unknown>>): Promise<Json>;
}

const ERRORS = "userErrors { code message }";
const mutation = (name: string, selection: string): string => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  return `mutation ($input: ${type}!) { payload: ${name}(input: $input) { ${selection} ${ERRORS} } }`;
};
const ADVANCE = mutation("testClockAdvance", "account { id }");
const ATTACH = mutation("paymentMethodAttach", "paymentMethod { id }");
const START = mutation("subscriptionStart", "subscription { id }");
const CHANGE = mutation("subscriptionChange", "subscription { id }");
const CANCEL = mutation("subscriptionCancel", "subscription { id }");
const CLOCK = `query ($id: ID!) { node(id: $id) { ... on BillingAccount { testClock { now target } } } }`;
const PLANS = `{ plans(first: 50) { edges { node { id code } } } }`;
const SUBSCRIPTION = `query ($id: ID!) { billingSubscription(id: $id) { id version status } }`;
const BOOKS = `query ($id: ID!, $after: String) { node(id: $id) { ... on BillingAccount { credit { amountMinor }
  subscriptions(first: 1) { edges { node { status } } }
  invoices(first: 50, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
    status total { amountMinor } creditUsed { amountMinor }
    payments { status amount { amountMinor } } creditNotes { status total { amountMinor } } } } } } } }`;

async function ask(api: AccountApi, query: string, input: Json): Promise<Json> {
  const { payload } = await api.run(query, { input: { ...input, idempotencyKey: randomUUID() } });
  if (payload.userErrors.length > 0) throw new Error(JSON.stringify({ input, errors: payload.userErrors }));
  return payload;
}

/** Waits until all that happens on the way has happened. */
async function advanceTo(api: AccountApi, to: Date, deadlineMs: number): Promise<void> {
  await ask(api, ADVANCE, { accountId: api.accountId, to: to.toISOString() });
  await waitFor(async () => (await api.run(CLOCK, { id: api.accountId })).node.testClock.target === null, {
    what: `the account's time to be ${to.toISOString()}`,
    deadlineMs,
    intervalMs: 100,
  });
}

export async function liveThrough(api: AccountApi, { acts }: Life, until: Date, deadlineMs = 120_000): Promise<void> {
  const { plans } = await api.run(PLANS, {});
  const planId = (code: string): string => plans.edges.find(({ node }: Json) => node.code === code).node.id;
  const { accountId } = api;
  let id = "";
  for (const act of acts) {
    await advanceTo(api, act.at, deadlineMs);
    if (act.kind === "START") {
      await ask(api, ATTACH, { accountId, providerToken: "tok_visa", makeDefault: true });
      const { plan, quantity } = act;
      id = (await ask(api, START, { accountId, planId: planId(plan), quantity })).subscription.id;
      continue;
    }
    if (act.kind === "CARD_FAILS") {
      await ask(api, ATTACH, { accountId, providerToken: "tok_declined", makeDefault: true });
      continue;
    }
    const { status, version: expectedVersion } = (await api.run(SUBSCRIPTION, { id })).billingSubscription;
    if (status !== "ACTIVE") continue;
    if (act.kind === "CANCEL") await ask(api, CANCEL, { id, expectedVersion, when: "PERIOD_END" });
    else {
      const { plan, quantity } = act;
      await ask(api, CHANGE, { id, expectedVersion, planId: planId(plan), quantity, when: "NOW" });
    }
  }
  await advanceTo(api, until, deadlineMs);
}

const total = (amounts: readonly Json[]): bigint =>
  amounts.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n);

export async function readBooks(api: AccountApi): Promise<Books> {
  const invoices: Json[] = [];
  let account: Json;
  for (let after: string | null = null, more = true; more; ) {
    account = (await api.run(BOOKS, { id: api.accountId, after })).node;
    invoices.push(...account.invoices.edges.map(({ node }: Json) => node));
    more = account.invoices.pageInfo.hasNextPage;
    after = account.invoices.pageInfo.endCursor;
  }
  const having = (status: string) => invoices.filter((invoice) => invoice.status === status);
  const payments = invoices.flatMap((invoice) => invoice.payments).filter(({ status }) => status === "SUCCEEDED");
  const notes = invoices.flatMap((invoice) => invoice.creditNotes).filter(({ status }) => status === "ISSUED");
  const givenUp = having("UNCOLLECTIBLE");
  return {
    status: account.subscriptions.edges[0].node.status,
    collected: total(payments.map(({ amount }) => amount)),
    invoiced: total(having("PAID").map((invoice) => invoice.total)),
    credited: total(notes.map((note) => note.total)),
    credit: BigInt(account.credit.amountMinor),
    invoices: invoices.length,
    lost: total(givenUp.map((invoice) => invoice.total)) - total(givenUp.map(({ creditUsed }) => creditUsed)),
  };
}
