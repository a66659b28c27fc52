import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { seedPlans } from "../../../../subgraphs/billing/index.ts";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance();
  operations = operationsOf(billing, subgraph);
});

afterAll(() => billing.stop());

const ACCOUNT =
  "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on BillingAccount";

async function account(customer: Customer, selection: string) {
  const representations = [{ __typename: "BillingAccount", id: customer.accountId }];
  const { data, errors } = await billing.ask(subgraph, customer, `${ACCOUNT} { ${selection} } } }`, {
    representations,
  });
  expect(errors).toEqual([]);
  return data._entities[0];
}

test("published plans come cheapest first, in pages both ways", async () => {
  const anyone = billing.viewerOf(billing.ids.next("org"), []);
  const page = async (args: string) => {
    const query = `{ plans(${args}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { node { code interval price { amountMinor currency } features { key limit } } } } }`;
    const { data } = await billing.ask(subgraph, anyone, query);
    const { edges, ...rest } = data.plans;
    return { ...rest, nodes: edges.map((edge: { node: unknown }) => edge.node) };
  };
  const first = await page("first: 3");
  expect(first).toMatchObject({
    totalCount: 4,
    pageInfo: { hasNextPage: true, hasPreviousPage: false },
    nodes: [
      { code: "starter", interval: "MONTH", price: { amountMinor: "900", currency: "EUR" } },
      { code: "team" },
      {
        code: "business",
        features: [
          { key: "seats", limit: null },
          { limit: "20000000" },
          { limit: "10000" },
          { key: "query_cost_per_minute", limit: "500000000" },
          { key: "query_cost_per_minute_and_client", limit: "250000000" },
        ],
      },
    ],
  });
  const second = await page(`first: 3, after: "${first.pageInfo.endCursor}"`);
  expect(second).toMatchObject({ pageInfo: { hasNextPage: false }, nodes: [{ code: "team-yearly" }] });
  const back = await page(`last: 2, before: "${second.pageInfo.startCursor}"`);
  expect(back).toMatchObject({ pageInfo: { hasPreviousPage: true }, nodes: [{ code: "team" }, { code: "business" }] });
});

test("seeding again changes nothing", async () => {
  const query = '{ plan(code: "team") { id version } }';
  const anyone = billing.viewerOf(billing.ids.next("org"), []);
  const before = await billing.ask(subgraph, anyone, query);
  expect(await seedPlans(billing)).toBe(0);
  expect(await billing.ask(subgraph, anyone, query)).toEqual(before);
  const missing = await billing.ask(subgraph, anyone, '{ plan(code: "none") { id } }');
  expect(missing).toMatchObject({ data: { plan: null }, errors: [{ extensions: { code: "NOT_FOUND" } }] });
});

test("an account lists invoices newest first, filters by status and sums what is due", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "starter");
  await operations.change(customer, subscription.id, { code: "team" });
  await operations.cancel(customer, subscription.id, { when: "NOW" });
  await operations.attach(customer, "tok_declined");
  await operations.start(customer, "business");
  const year = new Date().getUTCFullYear();
  const list = "totalCount pageInfo { hasNextPage endCursor } edges { node { number status account { id } } }";
  const first = await account(
    customer,
    `amountDue { amountMinor currency } credit { amountMinor } paymentMethods { brand last4 isDefault }
    subscriptions(first: 10) { totalCount edges { node { plan { code } status } } } invoices(first: 2) { ${list} }`,
  );
  expect(first).toMatchObject({
    // The price of the business plan, less what was left of the team plan.
    amountDue: { amountMinor: "7000", currency: "EUR" },
    credit: { amountMinor: "0" },
    paymentMethods: [
      { last4: "4242", isDefault: false },
      { last4: "0002", isDefault: true },
    ],
    subscriptions: {
      totalCount: 2,
      edges: [
        { node: { plan: { code: "business" }, status: "INCOMPLETE" } },
        { node: { plan: { code: "team" }, status: "CANCELED" } },
      ],
    },
    invoices: {
      totalCount: 3,
      pageInfo: { hasNextPage: true },
      edges: [
        { node: { number: `${year}-000003` } },
        { node: { number: `${year}-000002`, account: { id: customer.accountId } } },
      ],
    },
  });
  const { endCursor } = first.invoices.pageInfo;
  const rest = await account(customer, `invoices(first: 2, after: "${endCursor}") { ${list} }`);
  expect(rest.invoices).toMatchObject({
    pageInfo: { hasNextPage: false },
    edges: [{ node: { number: `${year}-000001` } }],
  });
  const open = await account(customer, `invoices(last: 5, status: OPEN) { ${list} }`);
  expect(open.invoices).toMatchObject({
    totalCount: 1,
    edges: [{ node: { status: "OPEN" } }],
  });
});

test("a cursor of one account's list is refused in another's", async () => {
  const [one, two] = [await billing.customer(), await billing.customer()];
  await operations.attach(one, "tok_visa");
  await operations.start(one, "starter");
  const { invoices } = await account(one, "invoices(first: 1) { pageInfo { endCursor } }");
  const representations = [{ __typename: "BillingAccount", id: two.accountId }];
  const query = `${ACCOUNT} { invoices(first: 1, after: "${invoices.pageInfo.endCursor}") { totalCount } } } }`;
  const { errors } = await billing.ask(subgraph, two, query, { representations });
  expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
});

test("a new organisation gets one billing account, however often its event arrives", async () => {
  const organizationId = billing.ids.next("org");
  const viewer = billing.viewerOf(organizationId, ["billing.read"]);
  const created = (): EventEnvelope => ({
    specversion: "1.0",
    id: billing.ids.uuid(),
    source: "/tributary/user",
    type: "user.organization.created.v1",
    time: new Date().toISOString(),
    subject: organizationId,
    datacontenttype: "application/json",
    data: { organizationId, ownerId: viewer.userId, name: "Rivers", slug: "rivers" },
    partitionkey: organizationId,
    sequence: "1",
    orgid: organizationId,
    actorkind: "USER",
    actorid: viewer.userId,
    aggregateversion: 1,
    correlationid: "c1",
    hop: 0,
  });
  const event = created();
  const values = [event, event, created()].map((item) => ({ key: organizationId, value: JSON.stringify(item) }));
  await billing.eventLog.append("user.events", values);
  const marker = { ...created(), subject: billing.ids.next("org") };
  const otherOrganization = { ...marker.data, organizationId: marker.subject };
  const last = { ...marker, data: otherOrganization, partitionkey: organizationId, orgid: marker.subject };
  await billing.eventLog.append("user.events", [{ key: organizationId, value: JSON.stringify(last) }]);
  await waitFor(
    async () => {
      const { rows } = await billing.admin.query("SELECT FROM billing_account WHERE organization_id = $1", [
        marker.subject,
      ]);
      return rows.length === 1;
    },
    { what: "the account of the event behind them" },
  );
  const events = await billing.eventsOf(organizationId);
  expect(events).toMatchObject([
    {
      type: "billing.account.opened.v1",
      actorid: viewer.userId,
      causationid: event.id,
      correlationid: "c1",
      hop: 1,
      aggregateversion: 1,
      data: { organizationId, currency: "EUR" },
    },
  ]);
  const query =
    "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Organization { billingAccount { id } } } }";
  const { data } = await billing.ask(subgraph, viewer, query, {
    r: [{ __typename: "Organization", id: organizationId }],
  });
  expect(data._entities).toEqual([{ billingAccount: { id: events[0].data.accountId } }]);
});
