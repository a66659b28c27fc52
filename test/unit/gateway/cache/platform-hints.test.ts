// What the platform's hints and sources rely on: which events name what, and whose fields are whose.
import { readdirSync, readFileSync } from "node:fs";
import { getNamedType, getNullableType, isListType, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { z } from "zod";
import { fetchPolicyOf } from "../../../../gateway/cache/entity/fetch-policy.ts";
import { subgraphTypes } from "../../../../gateway/cache/entity/subgraph-types.ts";
import { eventSourcesOf, kindOfType, sourceOfType } from "../../../../gateway/cache/event-sources.ts";
import { cacheHintsOf } from "../../../../gateway/cache/hints.ts";
import { entityKeysOf } from "../../../../gateway/cache/response/entity-keys.ts";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { subgraphOperation } from "../../../../gateway/transport/subgraph-client.ts";
import { listSubgraphs } from "../../../../subgraphs/list.ts";
import { readerOf } from "./response/reader-of.ts";

const PLATFORM_SOURCES = eventSourcesOf(await listSubgraphs());

const EVENTS = new URL("../../../../schema/events/", import.meta.url);
const generation = buildGeneration(
  readFileSync(new URL("../../../../schema/generated/supergraph.graphql", import.meta.url), "utf8"),
);
const hints = cacheHintsOf(generation);
const contract = z.object({ required: z.array(z.string()).default([]) });
const types = readdirSync(EVENTS).filter((name) => /\.v\d+\.json$/.test(name));

test.each([
  ["billing.payment.", "invoiceId"],
  ["billing.invoice.", "accountId"],
  ["billing.subscription.", "accountId"],
  ["billing.credit_note.", "accountId"],
  ["billing.credit_note.", "invoiceId"],
  ["user.membership.", "userId"],
])("every event %s… names its %s, by which lists go that a hint's tags speak for", (prefix, id) => {
  const concerned = types.filter((name) => name.startsWith(prefix));
  expect(concerned.length).toBeGreaterThan(0);
  for (const name of concerned) {
    const { required } = contract.parse(JSON.parse(readFileSync(new URL(name, EVENTS), "utf8")));
    expect(required, name).toContain(id);
  }
});

test("every event of the platform has a source that is known", () => {
  expect(new Set(types.map(sourceOfType))).toEqual(new Set(PLATFORM_SOURCES.keys()));
});

test("of every field that is kept it is known whose events change it", () => {
  const sourcesOf = (text: string) => [...readerOf(generation, text, PLATFORM_SOURCES).read({}).sources].sort();
  expect(sourcesOf("{ viewer { user { id displayName } memberships { edges { node { roles { name } } } } } }")).toEqual(
    ["user"],
  );
  expect(sourcesOf('{ invoice(id: "1") { number total { amountMinor } payments { status } } }')).toEqual([
    "billing",
    "billing.credit_note",
    "billing.dispute",
    "billing.invoice",
    "billing.payment",
    "billing.refund",
  ]);
  const account = "billingAccount { amountDue { currency } subscriptions { edges { node { plan { code } } } } }";
  expect(sourcesOf(`{ organization(id: "1") { name members { pageInfo { hasNextPage } } ${account} } }`)).toEqual([
    "billing.account",
    "billing.credit_note",
    "billing.invoice",
    "billing.plan",
    "billing.subscription",
    "user",
  ]);
  expect(sourcesOf('{ organization(id: "1") { auditLog { edges { node { hash actor { user { id } } } } } } }')).toEqual(
    ["audit", "user"],
  );
  const log = '{ organization(id: "1") { auditLog { edges { node { hash } } } } }';
  const data = { organization: { id: "1", auditLog: { edges: [] } } };
  const { open } = readerOf(generation, log, PLATFORM_SOURCES).read(data);
  expect([...open]).toEqual(["audit"]);
});

/** Fields of the public schema with what its hints say of them. */
function* hintedFields() {
  for (const type of Object.values(generation.apiSchema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) yield { type: type.name, field };
  }
}

test("every kind of events that a hint relies on exists", () => {
  const kinds = new Set<string>();
  for (const { type, field } of hintedFields()) {
    for (const hint of [hints.ofType(type), hints.ofField(type, field.name)]) {
      for (const kind of hint?.changedBy ?? []) kinds.add(kind);
    }
  }
  expect([...kinds].filter((kind) => !types.map(kindOfType).includes(kind))).toEqual([]);
  expect(kinds).toContain("billing.payment");
});

test("where a type names the events that change it, each of its lists of entities names its own", () => {
  const keys = entityKeysOf(generation);
  const silent: string[] = [];
  for (const { type, field } of hintedFields()) {
    const value = getNamedType(field.type);
    const listed = keys.leadsToEntities(value) && (!keys.isEntity(value) || isListType(getNullableType(field.type)));
    const named = hints.ofField(type, field.name)?.changedBy !== undefined;
    // The audit log has events of one kind only, and its entries are its own.
    const audit = getNamedType(field.type).name === "AuditEntryConnection";
    if (hints.ofType(type)?.changedBy !== undefined && listed && !named && !audit) silent.push(`${type}.${field.name}`);
  }
  expect(silent).toEqual([]);
});

test("attaching a card and trying to pay leave an organisation's screen in the cache, an invoice that is paid does not [S36]", () => {
  const screen = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Organization { billingAccount {
    id currency amountDue { amountMinor } subscriptions(first: 5) { edges { node { id status plan { code } } } } invoices(first: 10) { edges { node { id status } } } } } } }`;
  const billing = subgraphTypes(generation, "billing");
  if (billing === undefined) throw new Error("the platform has no billing subgraph");
  const policy = fetchPolicyOf(billing, hints, subgraphOperation(screen, undefined, "query"), "billing");
  const changing = types.filter((type) => policy?.sources.has(kindOfType(type)));
  expect(changing).toEqual(
    expect.arrayContaining(["billing.invoice.paid.v1.json", "billing.subscription.activated.v1.json"]),
  );
  expect(changing.filter((type) => type.startsWith("billing.payment"))).toEqual([]);
  expect(policy?.sources).not.toContain("billing");
});

test("a plan that somebody starts is shown by everybody: nobody else's answers go by it [S36]", async () => {
  const log = `{ organization(id: "1") { billingAccount { subscriptions { edges { node { status plan { name } } } } } } }`;
  const data = {
    organization: {
      id: "1",
      billingAccount: {
        id: "2",
        subscriptions: {
          edges: [{ node: { id: "3", plan: { id: "4", name: "Team" } } }],
        },
      },
    },
  };
  const { ids } = readerOf(generation, log, PLATFORM_SOURCES).read(data);
  expect([...(ids.get("4") ?? [])]).toEqual(["billing.plan"]);
  expect([...(ids.get("3") ?? [])]).toEqual(["billing.subscription"]);
});

test("what changes with the clock is not kept with the viewer around it [S36]", () => {
  const user = subgraphTypes(generation, "user");
  if (user === undefined) throw new Error("the platform has no user subgraph");
  const policyOf = (text: string) => fetchPolicyOf(user, hints, subgraphOperation(text, undefined, "query"), "user");
  expect(policyOf("{ viewer { memberships(first: 5) { totalCount } } }")).toBeDefined();
  expect(policyOf("{ viewer { sessions(first: 5) { totalCount } } }")).toBeUndefined();
  expect(policyOf("{ viewer { sessions(first: 5) { edges { node { id } } } } }")).toBeUndefined();
});
