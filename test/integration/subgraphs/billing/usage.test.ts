// What an organisation may use, what it uses, and that it never uses more: by the API of the subgraph, over its
// database and its events.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

const METER = "events_per_month";
/** Of the plan `starter`. */
const LIMIT = 50_000;
const DAY_MS = 86_400_000;

let billing: BillingFixture;
let operations: Operations;
let now = new Date("2027-03-10T10:00:00.000Z");
let customer: Customer;

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing?.stop());

beforeEach(async () => {
  customer = await billing.customer();
});

async function startPlan(code = "starter"): Promise<string> {
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, code);
  expect(subscription.status).toBe("ACTIVE");
  return subscription.id;
}

const later = (ms: number) => new Date(now.getTime() + ms);
const used = async () => (await operations.entitlements(customer.viewer, customer.organizationId)).entitlement.used;

async function countedOf(organizationId: string): Promise<Json[]> {
  const events = await billing.eventsOf(organizationId);
  return events.filter(({ type }: Json) => type === "billing.usage.recorded.v1");
}

const news = (count: number) =>
  waitFor(
    async () => {
      const events = await billing.entitlementEventsOf(customer.organizationId);
      return events.length >= count && events;
    },
    { what: `${count} events of entitlements` },
  );

/** As the user subgraph publishes it. */
async function publishMembership(type: string, membershipId: string): Promise<void> {
  const { organizationId, userId } = customer;
  const roles = type.includes("created") ? { roles: ["MEMBER"] } : {};
  const event = {
    ...{ specversion: "1.0", id: billing.ids.uuid(), source: "/tributary/user", type, time: now.toISOString() },
    ...{ subject: membershipId, datacontenttype: "application/json", aggregateversion: 1, hop: 0, sequence: "1" },
    ...{ partitionkey: organizationId, orgid: organizationId, actorkind: "SERVICE", correlationid: "c".repeat(32) },
    data: { membershipId, organizationId, userId, ...roles },
  };
  expect(billing.contracts.validate(event)).toBeUndefined();
  await billing.eventLog.ensureTopics(["user.events"]);
  await billing.eventLog.append("user.events", [{ key: organizationId, value: JSON.stringify(event) }]);
}

test("a plan that is paid grants its features, and one event tells of all of them [S91]", async () => {
  const before = await operations.entitlements(customer.viewer, customer.organizationId);
  expect(before.entitlements.map(({ key }: Json) => key)).toContain(METER);
  expect(before.entitlement).toMatchObject({ granted: false, limit: "0", used: "0", remaining: "0" });

  await startPlan();
  const { entitlement } = await operations.entitlements(customer.viewer, customer.organizationId);
  const resetsAt = "2027-04-10T10:00:00.000Z";
  expect(entitlement).toEqual({
    ...{ key: METER, granted: true, resetsAt },
    ...{ limit: String(LIMIT), used: "0", remaining: String(LIMIT) },
  });
  const [told, ...others] = await news(1);
  expect(others).toEqual([]);
  expect(billing.contracts.validate(told)).toBeUndefined();
  expect(told.data.reachedPercent).toBeNull();
  expect(told.data.entitlements.map(({ key }: Json) => key)).toEqual([
    "seats",
    METER,
    "live_connections",
    "query_cost_per_minute",
    "query_cost_per_minute_and_client",
  ]);
});

test("a larger plan grants more, one that is past due still grants, and one that ended grants nothing [S91]", async () => {
  const id = await startPlan();
  await news(1);
  await operations.change(customer, id, { code: "team" });
  const [, larger] = await news(2);
  expect(larger.data.entitlements).toContainEqual(expect.objectContaining({ key: METER, limit: "1000000" }));
  await billing.admin.query("UPDATE billing_subscription SET status = 'PAST_DUE' WHERE id = $1", [id]);
  expect((await operations.record(customer, 1)).status).toBe("COUNTED");
  await billing.admin.query("UPDATE billing_subscription SET status = 'ACTIVE' WHERE id = $1", [id]);
  await operations.cancel(customer, id, { when: "NOW" });
  const [, , ended] = await news(3);
  expect(ended.data.entitlements.every(({ granted }: Json) => !granted)).toBe(true);
  expect(refusals(await operations.record(customer, 1))).toEqual(["LIMIT_REACHED meter"]);
});

test("nobody is shown the entitlements of others, nor of their own without the permission", async () => {
  await startPlan();
  const stranger = await billing.customer();
  const nothing = { entitlements: [], entitlement: null };
  expect(await operations.entitlements(stranger.viewer, customer.organizationId)).toEqual(nothing);
  const guest = billing.viewerOf(customer.organizationId, ["organization.read"]);
  expect(await operations.entitlements(guest, customer.organizationId)).toEqual(nothing);
  const known = await operations.entitlements(customer.viewer, customer.organizationId, "no_such_feature");
  expect(known.entitlement).toBeNull();
});

test("a record is counted once for its key, with its event, and a repeat answers as it was answered [S14]", async () => {
  await startPlan();
  const key = operations.newKey();
  const first = await operations.record(customer, 10, { idempotencyKey: key });
  expect(first).toMatchObject({ status: "COUNTED", entitlement: { used: "10", remaining: String(LIMIT - 10) } });
  // At once, without a wait: it was committed with the record.
  const [event, ...others] = await countedOf(customer.organizationId);
  expect(others).toEqual([]);
  expect(event.data).toMatchObject({ meter: METER, quantity: "10", used: "10", late: false });
  expect(billing.contracts.validate(event)).toBeUndefined();

  await operations.record(customer, 5);
  const again = await operations.record(customer, 10, { idempotencyKey: key });
  expect(again).toMatchObject({ status: "COUNTED", entitlement: { used: "10" } });
  expect(again.extensions.idempotency).toEqual({ replayed: true });
  const other = await operations.record(customer, 11, { idempotencyKey: key });
  expect(other.userErrors).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH", status: 422 }]);
  expect(await used()).toBe("15");
  expect(await countedOf(customer.organizationId)).toHaveLength(2);
});

test("what cannot be is refused, the organisation first", async () => {
  await startPlan();
  const stranger = await billing.customer();
  const foreign = { organizationId: customer.organizationId, meter: "nonsense", idempotencyKey: "x" };
  expect(refusals(await operations.record(stranger, 0, foreign))).toEqual(["NOT_FOUND organizationId"]);
  const reader = { ...customer, ...billing.viewerOf(customer.organizationId, ["billing.manage"]) };
  expect(refusals(await operations.record(reader, 1))).toEqual(["FORBIDDEN"]);
  expect(refusals(await operations.record(customer, 1, { meter: "seats" }))).toEqual(["NOT_FOUND meter"]);
  expect(refusals(await operations.record(customer, 0))).toEqual(["INVALID quantity"]);
  expect(refusals(await operations.record(customer, "1000000000001"))).toEqual(["INVALID quantity"]);
  const ahead = { at: later(600_000).toISOString() };
  expect(refusals(await operations.record(customer, 1, ahead))).toEqual(["INVALID at"]);
  const old = { at: later(-36 * DAY_MS).toISOString() };
  expect(refusals(await operations.record(customer, 1, old))).toEqual(["INVALID at"]);
  expect(await used()).toBe("0");
});

test("records that come at once use the limit up to its last unit, and never beyond [S14]", async () => {
  await startPlan();
  const answers = await Promise.all(Array.from({ length: 40 }, () => operations.record(customer, 2_000)));
  const counted = answers.filter(({ status }) => status === "COUNTED");
  expect(counted).toHaveLength(LIMIT / 2_000);
  const refused = answers.filter(({ status }) => status === null);
  expect(new Set(refused.flatMap(refusals))).toEqual(new Set(["LIMIT_REACHED quantity"]));
  const sql = "SELECT sum(quantity)::text AS sum, count(*)::int AS count FROM usage_record WHERE organization_id = $1";
  const { rows } = await billing.admin.query(sql, [customer.organizationId]);
  expect(rows).toEqual([{ sum: String(LIMIT), count: counted.length }]);
  expect(await used()).toBe(String(LIMIT));
  // Each total that was told is another one: none was read by two.
  const totals = (await countedOf(customer.organizationId)).map(({ data }) => Number(data.used));
  expect(totals.toSorted((a, b) => a - b)).toEqual(counted.map((_, n) => (n + 1) * 2_000));
  const crossed = (await news(4)).slice(1).map(({ data }: Json) => data.reachedPercent);
  expect(crossed.toSorted((a: number, b: number) => a - b)).toEqual([50, 80, 100]);
});

test("a record that the limit has no room for is refused whole, and a smaller one is counted", async () => {
  await startPlan();
  await operations.record(customer, LIMIT - 5);
  expect(refusals(await operations.record(customer, 6))).toEqual(["LIMIT_REACHED quantity"]);
  expect((await operations.record(customer, 5)).entitlement).toMatchObject({ remaining: "0" });
});

test("the next month of use begins at zero, and what lies before it is counted for its own month by a job [S14]", async () => {
  await startPlan();
  await operations.record(customer, LIMIT);
  const lastMonth = now;
  // As if it were paid for by the year: its months of use are no periods of the plan.
  const sql = "UPDATE billing_subscription SET current_period_end = '2028-03-10' WHERE organization_id = $1";
  await billing.admin.query(sql, [customer.organizationId]);
  now = new Date("2027-04-10T10:00:01.000Z");
  expect(await used()).toBe("0");
  const counted = (await countedOf(customer.organizationId)).length;
  const late = await operations.record(customer, 7, { at: later(-DAY_MS).toISOString() });
  expect(late).toMatchObject({ status: "ACCEPTED", entitlement: { used: "0" } });
  expect((await operations.record(customer, 1)).entitlement.used).toBe("1");
  const events = await waitFor(
    async () => {
      const all = await countedOf(customer.organizationId);
      return all.length === counted + 2 && all;
    },
    { what: "the count of the late record" },
  );
  const told = events.find(({ data }) => data.late);
  // Beyond that month's limit: it was used.
  expect(told?.data).toMatchObject({ quantity: "7", used: String(LIMIT + 7), periodStart: lastMonth.toISOString() });
  expect(told).toMatchObject({ actorkind: "USER", actorid: customer.userId });
  expect(await used()).toBe("1");
});

test("members take seats by the events of the user subgraph, and filling them is told", async () => {
  await startPlan();
  // What the plan grants is told by a consumer of its own.
  await news(1);
  const memberships = Array.from({ length: 4 }, () => billing.ids.next("mem"));
  for (const id of memberships) await publishMembership("user.membership.created.v1", id);
  const seats = async () =>
    (await operations.entitlements(customer.viewer, customer.organizationId, "seats")).entitlement;
  await waitFor(async () => (await seats()).used === "4", { what: "four seats" });
  expect(await seats()).toMatchObject({ limit: "5", remaining: "1", resetsAt: null });
  await publishMembership("user.membership.removed.v1", memberships[0] ?? "");
  await waitFor(async () => (await seats()).used === "3", { what: "a free seat" });
  const reached = (await news(4)).slice(1).map(({ data }: Json) => data.reachedPercent);
  expect(reached).toEqual([50, 80, 50]);
});
