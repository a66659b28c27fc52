import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance());
});

afterAll(() => billing.stop());

const codeOf = (payload: Json) => payload.userErrors[0]?.code;

async function paymentsOf(invoiceId: string): Promise<Json[]> {
  const { rows } = await billing.admin.query("SELECT id, status FROM payment WHERE invoice_id = $1", [invoiceId]);
  return rows;
}

test("20 parallel starts with one key make one charge and equal answers [ID-01]", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const before = billing.provider.charged.size;
  const idempotencyKey = operations.newKey();
  const start = () => operations.start(customer, "team", { idempotencyKey });
  const answers = await Promise.all(Array.from({ length: 20 }, start));
  const { extensions: _, ...stored } = await waitFor(
    async () => {
      const answer = await start();
      return codeOf(answer) === "IDEMPOTENCY_IN_PROGRESS" ? undefined : answer;
    },
    { what: "the stored answer" },
  );
  expect(stored).toMatchObject({ payment: { status: "SUCCEEDED" }, userErrors: [] });
  for (const { extensions: _extensions, ...answer } of answers) {
    if (codeOf(answer) === "IDEMPOTENCY_IN_PROGRESS") expect(answer.subscription).toBeNull();
    else expect(answer).toEqual(stored);
  }
  expect(answers.some((answer) => answer.userErrors.length === 0)).toBe(true);
  expect(billing.provider.charged.size - before).toBe(1);
  const { rows } = await billing.admin.query("SELECT count(*)::int FROM invoice WHERE organization_id = $1", [
    customer.organizationId,
  ]);
  expect(rows).toEqual([{ count: 1 }]);
});

test("a replay answers the stored result, says so, and repeats a decline", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_declined");
  const idempotencyKey = operations.newKey();
  const { extensions: first, ...original } = await operations.start(customer, "team", { idempotencyKey });
  const { extensions: second, ...replay } = await operations.start(customer, "team", { idempotencyKey });
  expect(first).not.toHaveProperty("idempotency");
  expect(second).toEqual({ idempotency: { replayed: true }, changes: [] });
  expect(replay).toEqual(original);
  expect(codeOf(replay)).toBe("PAYMENT_DECLINED");
});

test("a replayed attachment gives the same method", async () => {
  const customer = await billing.customer();
  const input = { accountId: customer.accountId, providerToken: "tok_visa", idempotencyKey: operations.newKey() };
  const answers = await Promise.all(Array.from({ length: 5 }, () => operations.attachWith(customer, input)));
  expect(new Set(answers.map((answer) => answer.paymentMethod.id)).size).toBe(1);
});

test("the same key with another input is refused [ID-01]", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const idempotencyKey = operations.newKey();
  const { invoice } = await operations.start(customer, "team", { idempotencyKey });
  const otherInput = await operations.start(customer, "team", { idempotencyKey, quantity: 2 });
  const otherCommand = await operations.pay(customer, invoice.id, { idempotencyKey });
  for (const payload of [otherInput, otherCommand]) {
    expect(payload.userErrors).toMatchObject([{ code: "IDEMPOTENCY_MISMATCH", status: 422 }]);
  }
});

test("the same key of another organisation is another key [ID-01]", async () => {
  const [one, two] = [await billing.customer(), await billing.customer()];
  const idempotencyKey = operations.newKey();
  for (const customer of [one, two]) {
    await operations.attach(customer, "tok_visa");
    const payload = await operations.start(customer, "team", { idempotencyKey });
    expect(payload.subscription).toMatchObject({ status: "ACTIVE", account: { id: customer.accountId } });
  }
});

test("a refused request leaves its key free", async () => {
  const customer = await billing.customer();
  const idempotencyKey = operations.newKey();
  const refused = await operations.start(customer, "team", { idempotencyKey });
  expect(refused.userErrors).toMatchObject([{ code: "STATE_INVALID", field: ["input", "paymentMethodId"] }]);
  await operations.attach(customer, "tok_visa");
  const accepted = await operations.start(customer, "team", { idempotencyKey });
  expect(accepted.userErrors).toEqual([]);
});

test("20 parallel payments of one invoice with different keys make one charge", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_declined");
  const { invoice } = await operations.start(customer, "team");
  await operations.attach(customer, "tok_visa");
  const before = billing.provider.charged.size;
  const answers = await Promise.all(Array.from({ length: 20 }, () => operations.pay(customer, invoice.id)));
  expect(answers.filter((answer) => answer.userErrors.length === 0)).toHaveLength(1);
  expect(answers.filter((answer) => codeOf(answer) === "STATE_INVALID")).toHaveLength(19);
  expect(billing.provider.charged.size - before).toBe(1);
  const statuses = (await paymentsOf(invoice.id)).map((payment) => payment.status);
  expect(statuses.sort()).toEqual(["FAILED", "SUCCEEDED"]);
});

test("20 parallel starts of different plans are one plan, and those refused leave no gap between invoice numbers", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const plans = await Promise.all(
    Array.from({ length: 20 }, async (_item, index) => {
      const id = billing.ids.next("pln");
      await billing.admin.query(
        `INSERT INTO plan (id, code, version, name, status, interval, currency, amount_minor, features)
         VALUES ($1, $2, 1, $2, 'PUBLISHED', 'MONTH', 'EUR', $3, '[]')`,
        [id, `parallel-${id}`, 100 + index],
      );
      return id;
    }),
  );
  const { accountId } = customer;
  const answers = await Promise.all(plans.map((planId) => operations.startWith(customer, { accountId, planId })));
  const started = answers.filter(({ userErrors }) => userErrors.length === 0);
  expect(started).toHaveLength(1);
  expect(answers.filter((answer) => codeOf(answer) === "STATE_INVALID")).toHaveLength(19);
  await operations.cancel(customer, started[0].subscription.id, { when: "NOW" });
  const { invoice } = await operations.start(customer, "business");
  const year = new Date().getUTCFullYear();
  expect([started[0].invoice.number, invoice.number]).toEqual([`${year}-000001`, `${year}-000002`]);
});
