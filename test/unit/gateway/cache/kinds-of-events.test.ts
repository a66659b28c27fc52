// An organisation's screen as billing answers it, and which of billing's events drop it.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createEntityCache } from "../../../../gateway/cache/entity/entity-cache.ts";
import { tagsOf } from "../../../../gateway/cache/event-eviction.ts";
import { eventSourcesOf } from "../../../../gateway/cache/event-sources.ts";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { listSubgraphs } from "../../../../subgraphs/list.ts";
import { entities, member, query } from "./cached-shop.ts";

const PLATFORM_SOURCES = eventSourcesOf(await listSubgraphs());

const generation = buildGeneration(
  readFileSync(new URL("../../../../schema/generated/supergraph.graphql", import.meta.url), "utf8"),
);
const SCREEN = `billingAccount { id currency amountDue { amountMinor }
  subscriptions { edges { node { id status plan { id name } } } } invoices { edges { node { id status } } } }`;
const ANSWER = {
  billingAccount: {
    id: "acc-1",
    currency: "EUR",
    amountDue: { amountMinor: "5" },
    subscriptions: { edges: [{ node: { id: "sub-1", status: "ACTIVE", plan: { id: "pln-1", name: "Team" } } }] },
    invoices: { edges: [{ node: { id: "inv-1", status: "OPEN" } }] },
  },
};

async function drops(type: string, subject: string, data: Readonly<Record<string, string>>, orgid = "org_1") {
  let asked = 0;
  const cache = createEntityCache({ clock: systemClock, maxWeight: 1_000_000, sources: PLATFORM_SOURCES });
  const source = async () => {
    asked += 1;
    return { data: { _entities: [ANSWER] }, errors: [], shared: false };
  };
  const client = cache.wrap(generation, "billing", source, source);
  const ask = () => client(entities(SCREEN, ["org_1"], "Organization"), member("a"));
  await ask();
  await ask();
  expect(asked).toBe(1);
  await cache.invalidateTags(tagsOf({ type, subject, orgid, partitionkey: orgid, data }));
  await ask();
  return asked === 2;
}

test("what is due, its invoices and its plans change by their own events [S36]", async () => {
  for (const [type, subject, data] of [
    ["billing.invoice.issued.v1", "inv-2", { accountId: "acc-1" }],
    ["billing.invoice.paid.v1", "inv-1", { accountId: "acc-1", paymentId: "pay-1" }],
    ["billing.subscription.started.v1", "sub-2", { accountId: "acc-1", planId: "pln-1" }],
    ["billing.subscription.activated.v1", "sub-1", { accountId: "acc-1", planId: "pln-1" }],
    ["billing.account.opened.v1", "acc-1", { organizationId: "org_1" }],
  ] as const)
    expect(await drops(type, subject, data), type).toBe(true);
});

test("a new card, an attempt to pay and the events of other organisations leave it as it is", async () => {
  expect(await drops("billing.payment_method.attached.v1", "pm-1", { accountId: "acc-1" })).toBe(false);
  expect(await drops("billing.payment.failed.v1", "pay-1", { invoiceId: "inv-1" })).toBe(false);
  // Everybody shows the plan that somebody else starts.
  expect(
    await drops("billing.subscription.started.v1", "sub-9", { accountId: "acc-9", planId: "pln-1" }, "org_9"),
  ).toBe(false);
});

test("the price list stays when somebody starts a plan of it", async () => {
  let asked = 0;
  const cache = createEntityCache({ clock: systemClock, maxWeight: 1_000_000, sources: PLATFORM_SOURCES });
  const source = async () => {
    asked += 1;
    return { data: { plans: { edges: [{ node: { id: "pln-1", name: "Team" } }] } }, errors: [], shared: false };
  };
  const client = cache.wrap(generation, "billing", source, source);
  const ask = () => client(query("{plans{edges{node{id name}}}}"), member("a"));
  await ask();
  const started = { type: "billing.subscription.started.v1", subject: "sub-9", partitionkey: "org_9", orgid: "org_9" };
  await cache.invalidateTags(tagsOf({ ...started, data: { accountId: "acc-9", planId: "pln-1" } }));
  await ask();
  expect(asked).toBe(1);
  await cache.invalidateTags(["entity:pln-1"]);
  await ask();
  expect(asked).toBe(2);
});
