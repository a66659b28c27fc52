// Plans that operators publish: a version supersedes the one before it, which those who are on it keep.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { type BillingFixture, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;
let now = new Date("2027-01-01T00:00:00.000Z");

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  subgraph = await billing.instance();
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

const PLAN = `query ($code: String!, $version: Int, $asOf: DateTime) { plan(code: $code, version: $version, asOf: $asOf) {
  id version status price { amountMinor } publishedAt retiredAt supersededBy { id version } } }`;

async function plan(code: string, of: Json = {}): Promise<Json> {
  const { data, errors } = await billing.ask(subgraph, billing.operator(), PLAN, { code, ...of });
  return data?.plan ?? errors[0].extensions.code;
}

test("a version supersedes the one before; each is found by number and by day [S75]", async () => {
  const operator = billing.operator();
  const features = [{ key: "seats", limit: "3" }, { key: "exports" }];
  const first = await operations.publish(operator, { code: "solo", name: "Solo", features, trialDays: 14 });
  expect(first.userErrors).toEqual([]);
  expect(first.plan).toMatchObject({
    ...{ code: "solo", version: 1, status: "PUBLISHED", trialDays: 14, price: { amountMinor: "1900" } },
    features: [
      { key: "seats", limit: "3" },
      { key: "exports", limit: null },
    ],
  });
  now = new Date("2027-02-01T00:00:00.000Z");
  const second = await operations.publish(operator, { code: "solo", price: { amountMinor: "2100", currency: "EUR" } });
  expect(second.plan).toMatchObject({ version: 2, status: "PUBLISHED" });
  expect(await plan("solo")).toMatchObject({ version: 2, supersededBy: null, retiredAt: null });
  expect(await plan("solo", { version: 1 })).toMatchObject({
    ...{ status: "RETIRED", retiredAt: "2027-02-01T00:00:00.000Z", price: { amountMinor: "1900" } },
    supersededBy: { id: second.plan.id, version: 2 },
  });
  expect(await plan("solo", { asOf: "2027-01-15T00:00:00.000Z" })).toMatchObject({ version: 1 });
  expect(await plan("solo", { asOf: "2027-02-01T00:00:00.000Z" })).toMatchObject({ version: 2 });
  expect(await plan("solo", { asOf: "2026-01-15T00:00:00.000Z" })).toBe("NOT_FOUND");
  expect(await plan("solo", { version: 3 })).toBe("NOT_FOUND");
  const events = (await billing.eventsOf("platform")).filter(({ type }) => type === "billing.plan.published.v1");
  expect(events.map(({ data }) => [data.code, data.planVersion])).toEqual([
    ["solo", 1],
    ["solo", 2],
  ]);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
});

test("those who are on a version keep it, its price included; nobody starts it any more", async () => {
  const operator = billing.operator();
  await operations.publish(operator, { code: "kept" });
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const former = await plan("kept");
  const { subscription } = await operations.startWith(customer, {
    accountId: customer.accountId,
    planId: former.id,
    quantity: 2,
  });
  await operations.publish(operator, { code: "kept", price: { amountMinor: "9900", currency: "EUR" } });
  const other = await billing.customer();
  await operations.attach(other, "tok_visa");
  const refused = await operations.startWith(other, { accountId: other.accountId, planId: former.id });
  expect(refusals(refused)).toEqual(["STATE_INVALID planId"]);
  await operations.advanceTo(customer, new Date(now.getTime() + 40 * 86_400_000).toISOString());
  const { invoices, plan: running } = await operations.read(customer, subscription.id);
  expect([running.code, invoices.map(({ total }: Json) => total.amountMinor)]).toEqual(["kept", ["3800", "3800"]]);
  // More of it may still be had.
  const { userErrors } = await operations.change(customer, subscription.id, { quantity: 3 });
  expect(userErrors).toEqual([]);
});

test("versions that are published at once have numbers of their own, and one is offered", async () => {
  const operator = billing.operator();
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => operations.publish(operator, { code: "contested" })),
  );
  expect(answers.map((answer) => answer.plan.version).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await plan("contested")).toMatchObject({ version: 6 });
});

test("only operators publish", async () => {
  const customer = await billing.customer();
  expect(refusals(await operations.publish(customer, { code: "mine" }))).toEqual(["FORBIDDEN"]);
});

test.for([
  { input: { code: "Solo" }, refused: "INVALID code" },
  { input: { name: " " }, refused: "BLANK name" },
  { input: { price: { amountMinor: "0", currency: "EUR" } }, refused: "INVALID amountMinor" },
  { input: { trialDays: 731 }, refused: "INVALID trialDays" },
  { input: { features: [{ key: "Seats" }] }, refused: "INVALID key" },
  { input: { features: [{ key: "seats" }, { key: "seats", limit: "1" }] }, refused: "INVALID key" },
  { input: { features: [{ key: "seats", limit: "-1" }] }, refused: "INVALID limit" },
])("a plan with $input is refused: $refused", async ({ input, refused }) => {
  const answer = await operations.publish(billing.operator(), { code: "bad", ...input });
  expect(refusals(answer)).toEqual([refused]);
});
