import { afterAll, beforeAll, expect, test } from "vitest";
import { deferred } from "../../../support/wait.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance());
  await billing.instance();
});

afterAll(() => billing.stop());

const PAID = ["billing.payment.succeeded.v1", "billing.invoice.paid.v1", "billing.subscription.activated.v1"];

test("a payment whose request died before the charge is charged once, by one of two workers", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const before = billing.provider.charged.size;
  const [died, seen] = [deferred(), deferred<string>()];
  billing.provider.beforeCharge = (key) => {
    if (seen.settled) return;
    seen.resolve(key);
    return died.promise;
  };
  const request = operations.start(customer, "team");
  const paymentId = await seen.promise;
  expect(await billing.paymentSettled(paymentId)).toBe("SUCCEEDED");
  expect((await billing.eventTypes(customer.organizationId)).slice(-3)).toEqual(PAID);
  expect(billing.provider.charged.size - before).toBe(1);

  // It was only slow, and comes back: nothing happens a second time.
  died.resolve();
  expect(await request).toMatchObject({ payment: { id: paymentId, status: "SUCCEEDED", version: 2 } });
  expect(billing.provider.charged.size - before).toBe(1);
  expect((await billing.eventTypes(customer.organizationId)).filter((type) => type === PAID[0])).toHaveLength(1);
});

test("a charge whose answer was lost is in processing for the caller and settles without a second charge", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const before = billing.provider.charged.size;
  let lost = 0;
  billing.provider.afterCharge = () => {
    lost += 1;
    if (lost === 1) throw new Error("connection reset");
  };
  const idempotencyKey = operations.newKey();
  const payload = await operations.start(customer, "team", { idempotencyKey });
  billing.provider.afterCharge = () => undefined;
  expect(payload).toMatchObject({ payment: { status: "PROCESSING" }, invoice: { status: "OPEN" }, userErrors: [] });
  expect(await billing.paymentSettled(payload.payment.id)).toBe("SUCCEEDED");
  expect(billing.provider.charged.size - before).toBe(1);
  const replay = await operations.start(customer, "team", { idempotencyKey });
  expect(replay).toMatchObject({
    payment: { id: payload.payment.id, status: "SUCCEEDED" },
    extensions: { idempotency: { replayed: true } },
  });
});

test("a provider that is away delays payments and loses none", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  let asked = 0;
  billing.provider.beforeCharge = () => {
    asked += 1;
    if (asked <= 3) throw new Error("provider unreachable");
  };
  const { payment } = await operations.start(customer, "team");
  expect(payment.status).toBe("PROCESSING");
  expect(await billing.paymentSettled(payment.id)).toBe("SUCCEEDED");
  expect(asked).toBe(4);
});

test("a failed transaction leaves no row, no event, no number and no key behind [S9]", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const before = billing.provider.charged.size;
  await billing.admin.query(`
    CREATE FUNCTION refuse_payment() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
    CREATE TRIGGER refuse_payment BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION refuse_payment()`);
  const idempotencyKey = operations.newKey();
  await expect(operations.start(customer, "team", { idempotencyKey })).rejects.toThrow("INTERNAL_SERVER_ERROR");
  await billing.admin.query("DROP TRIGGER refuse_payment ON payment");
  for (const table of ["billing_subscription", "invoice", "invoice_line", "invoice_counter", "payment"]) {
    const { rows } = await billing.admin.query(
      `SELECT count(*)::int AS left FROM ${table} WHERE organization_id = $1`,
      [customer.organizationId],
    );
    expect([table, rows[0].left]).toEqual([table, 0]);
  }
  expect(await billing.eventTypes(customer.organizationId)).toEqual(["billing.payment_method.attached.v1"]);
  expect(billing.provider.charged.size).toBe(before);
  const retried = await operations.start(customer, "team", { idempotencyKey });
  expect(retried).toMatchObject({ invoice: { number: expect.stringMatching(/-000001$/) }, userErrors: [] });
});
