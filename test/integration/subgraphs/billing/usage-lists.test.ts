// Lists of records as a program delivers them: each record under its own key, all that is new in one transaction.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

/** Of the plan `starter`. */
const LIMIT = 50_000;

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;
let customer: Customer;
let subscriptionId: string;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance();
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

beforeEach(async () => {
  customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  subscriptionId = (await operations.start(customer, "starter")).subscription.id;
});

const record = (quantity: number, key = randomUUID() as string) => ({
  ...{ meter: "events_per_month", quantity, idempotencyKey: key },
});

async function deliver(body: unknown): Promise<{ status: number; body: Json }> {
  const identity = await billing.signProgram(customer.organizationId, ["usage.write"]);
  const call = { headers: { "x-tributary-identity": identity }, body: Buffer.from(JSON.stringify(body)) };
  const answer = await subgraph.ingest?.[0]?.receive(call);
  if (answer === undefined) throw new Error("billing takes deliveries");
  return { status: answer.status, body: JSON.parse(answer.body) };
}

const statusesOf = ({ body }: { body: Json }): number[] => body.results.map(({ status }: Json) => status);

async function counted(): Promise<string> {
  return (await operations.entitlements(customer.viewer, customer.organizationId)).entitlement.used;
}

test("lists that share their keys, in any order and at once, count each record once [S14]", async () => {
  const records = Array.from({ length: 50 }, () => record(3));
  const lists = [records, records.toReversed(), records.slice(20), records.slice(0, 30).toReversed()];
  const answers = await Promise.all(lists.map(deliver));
  const statuses = answers.flatMap(statusesOf);
  expect(statuses.filter((status) => status === 201)).toHaveLength(50);
  expect(statuses.filter((status) => status === 200)).toHaveLength(110);
  expect(await counted()).toBe("150");
  const ids = new Set(answers.flatMap(({ body }) => body.results.map(({ record }: Json) => record.id)));
  expect(ids.size).toBe(50);
});

test("lists at once use the limit up to its last unit [S14]", async () => {
  const lists = Array.from({ length: 8 }, () => Array.from({ length: 10 }, () => record(1_000)));
  const statuses = (await Promise.all(lists.map(deliver))).flatMap(statusesOf);
  expect(statuses.filter((status) => status === 201)).toHaveLength(50);
  expect(statuses.filter((status) => status === 422)).toHaveLength(30);
  expect(await counted()).toBe(String(LIMIT));
  const sql = "SELECT sum(quantity)::text AS sum FROM usage_record WHERE organization_id = $1";
  expect((await billing.admin.query(sql, [customer.organizationId])).rows).toEqual([{ sum: String(LIMIT) }]);
});

test("what is refused leaves nothing under its key: with a larger plan it is counted", async () => {
  const [small, large] = [record(LIMIT - 1), record(5)];
  const first = await deliver([small, large]);
  expect(statusesOf(first)).toEqual([201, 422]);
  await operations.change(customer, subscriptionId, { code: "team" });
  const again = await deliver([small, large]);
  expect(statusesOf(again)).toEqual([200, 201]);
  expect(await counted()).toBe(String(LIMIT + 4));
});

test("a key that comes twice in a list stands for its first record", async () => {
  const key = randomUUID();
  const answer = await deliver([record(2, key), record(2, key), record(3, key)]);
  expect(statusesOf(answer)).toEqual([201, 200, 422]);
  expect(answer.body.results[1]).toMatchObject({ replayed: true, record: answer.body.results[0].record });
  expect(answer.body.results[2].errors[0].extensions).toMatchObject({
    code: "IDEMPOTENCY_MISMATCH",
    field: ["2", "idempotencyKey"],
  });
  expect(await counted()).toBe("2");
});

test("a program without the permission is refused, and the audit log hears of it", async () => {
  const identity = await billing.signProgram(customer.organizationId, ["billing.read"]);
  const call = { headers: { "x-tributary-identity": identity }, body: Buffer.from(JSON.stringify(record(1))) };
  const answer = await subgraph.ingest?.[0]?.receive(call);
  expect(answer?.status).toBe(403);
  const denied = (await billing.eventsOf(customer.organizationId)).find(
    ({ type }) => type === "billing.access.denied.v1",
  );
  expect(denied?.data).toMatchObject({ permission: "usage.write", apiKeyId: expect.stringMatching(/^key_/) });
});
