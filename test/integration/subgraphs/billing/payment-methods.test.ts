// Cards of an account: kept, tried out, chosen as the default and given up; and how they lie in the database.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing?.stop());

const last4s = async (customer: Customer): Promise<string[]> =>
  (await operations.methods(customer)).map(({ last4, isDefault }) => `${last4}${isDefault ? " default" : ""}`);
const methodEvents = async ({ organizationId }: Customer): Promise<string[]> =>
  (await billing.eventTypes(organizationId)).filter((type) => type.startsWith("billing.payment_method."));

async function rowOf(id: string): Promise<Json> {
  const { rows } = await billing.admin.query("SELECT * FROM payment_method WHERE id = $1", [id]);
  return rows[0];
}

/** Until the provider was told, and its handle forgotten. */
const givenUp = (accountId: string, count: number): Promise<boolean> =>
  waitFor(
    async () => {
      const { rows } = await billing.admin.query(
        "SELECT id FROM payment_method WHERE account_id = $1 AND status = 'DETACHED' AND reference IS NULL",
        [accountId],
      );
      return rows.length === count;
    },
    { what: `${count} methods to be given up` },
  );

test("the same card attached twice is one method, and another card is another", async () => {
  const customer = await billing.customer();
  const first = await operations.attach(customer, "tok_visa");
  const again = await operations.attachWith(customer, { accountId: customer.accountId, providerToken: "tok_visa" });
  expect(again.paymentMethod).toEqual({
    ...{ id: first, kind: "card", brand: "visa", last4: "4242", expMonth: 12, expYear: 2099, isDefault: true },
  });
  const other = await operations.attachWith(customer, { accountId: customer.accountId, providerToken: "tok_visa-2" });
  expect(other.paymentMethod).toMatchObject({ last4: "4242", isDefault: false });
  expect(other.paymentMethod.id).not.toBe(first);
  expect(await methodEvents(customer)).toEqual(Array(2).fill("billing.payment_method.attached.v1"));
  // The handle that the second attachment made is of no use.
  await givenUp(customer.accountId, 1);
});

test("the same card attached by 20 requests at once is one method", async () => {
  const customer = await billing.customer();
  const input = { accountId: customer.accountId, providerToken: "tok_visa" };
  const answers = await Promise.all(Array.from({ length: 20 }, () => operations.attachWith(customer, input)));
  expect(new Set(answers.map(({ paymentMethod }) => paymentMethod.id)).size).toBe(1);
  expect(await operations.methods(customer)).toHaveLength(1);
});

test("a card that was renewed keeps its method, and is charged by its new handle", async () => {
  const customer = await billing.customer();
  const id = await operations.attach(customer, "tok_visa");
  await billing.admin.query("UPDATE payment_method SET exp_month = 1, exp_year = 2027 WHERE id = $1", [id]);
  const former = (await rowOf(id)).reference;
  expect(await operations.attach(customer, "tok_visa")).toBe(id);
  const renewed = await rowOf(id);
  expect(renewed).toMatchObject({ exp_month: 12, exp_year: 2099, status: "ACTIVE" });
  expect(renewed.reference).not.toBe(former);
  await givenUp(customer.accountId, 1);
  expect((await operations.start(customer, "team")).payment).toMatchObject({ status: "SUCCEEDED" });
});

test("a new card that was declined is not kept; one that paid is, and is the default where there was none [S91]", async () => {
  const customer = await billing.customer();
  const declined = await operations.start(customer, "team", { providerToken: "tok_declined" });
  expect(refusals(declined)).toEqual(["PAYMENT_DECLINED"]);
  expect(await last4s(customer)).toEqual([]);
  expect(await methodEvents(customer)).toEqual([]);
  const paid = await operations.pay(customer, declined.invoice.id, { providerToken: "tok_visa" });
  expect(paid).toMatchObject({ invoice: { status: "PAID" }, userErrors: [] });
  expect(await last4s(customer)).toEqual(["4242 default"]);
  expect(await methodEvents(customer)).toEqual(["billing.payment_method.attached.v1"]);
  await givenUp(customer.accountId, 1);

  // Another one that pays does not take the place of the default.
  const { id } = declined.subscription;
  const changed = await operations.change(customer, id, { code: "business", providerToken: "tok_mastercard" });
  expect(changed).toMatchObject({ payment: { status: "SUCCEEDED" }, userErrors: [] });
  expect(await last4s(customer)).toEqual(["4242 default", "4444"]);
});

test("a new card that was declined is kept where that is asked for", async () => {
  const customer = await billing.customer();
  await operations.start(customer, "team", { providerToken: "tok_declined", keepPaymentMethod: true });
  expect(await last4s(customer)).toEqual(["0002 default"]);
});

test("while its payment is under way a new card is not shown, not named and not given up", async () => {
  const customer = await billing.customer();
  const { payment } = await operations.start(customer, "team", { providerToken: "tok_slow" });
  expect(payment.status).toBe("PROCESSING");
  expect(await last4s(customer)).toEqual([]);
  const { rows } = await billing.admin.query("SELECT id FROM payment_method WHERE account_id = $1", [
    customer.accountId,
  ]);
  const { id } = rows[0];
  expect(refusals(await operations.detach(customer, id))).toEqual(["NOT_FOUND id"]);
  expect(refusals(await operations.makeDefault(customer, id))).toEqual(["NOT_FOUND id"]);
  expect(await billing.paymentSettled(payment.id)).toBe("SUCCEEDED");
  expect(await last4s(customer)).toEqual(["3184 default"]);
});

test("a method and a new card, both named, are one too many; a token of no card is refused", async () => {
  const customer = await billing.customer();
  const paymentMethodId = await operations.attach(customer, "tok_visa");
  const both = await operations.start(customer, "team", { paymentMethodId, providerToken: "tok_mastercard" });
  expect(refusals(both)).toEqual(["INVALID providerToken"]);
  const number = await operations.start(customer, "team", { providerToken: "4242 4242 4242 4242" });
  expect(refusals(number)).toEqual(["INVALID providerToken"]);
  const unknown = await operations.start(customer, "team", { providerToken: "tok_unheard_of" });
  expect(refusals(unknown)).toEqual(["INVALID providerToken"]);
  const { subscription } = await operations.start(customer, "team");
  const later = { code: "business", when: "PERIOD_END", providerToken: "tok_mastercard" };
  expect(refusals(await operations.change(customer, subscription.id, later))).toEqual(["INVALID providerToken"]);
  expect(await last4s(customer)).toEqual(["4242 default"]);
});

test("the default is chosen once, whoever asks how often", async () => {
  const customer = await billing.customer();
  const first = await operations.attach(customer, "tok_visa");
  await operations.attach(customer, "tok_mastercard");
  expect(await last4s(customer)).toEqual(["4242", "4444 default"]);
  const chosen = await Promise.all(Array.from({ length: 10 }, () => operations.makeDefault(customer, first)));
  for (const { paymentMethod } of chosen) expect(paymentMethod).toEqual({ id: first, isDefault: true });
  expect(await last4s(customer)).toEqual(["4242 default", "4444"]);
  expect((await methodEvents(customer)).slice(2)).toEqual(["billing.payment_method.made_default.v1"]);
});

test("a method that was given up is gone at the provider, too; the next one becomes the default", async () => {
  const customer = await billing.customer();
  const first = await operations.attach(customer, "tok_visa");
  const second = await operations.attach(customer, "tok_mastercard");
  const idempotencyKey = operations.newKey();
  const before = billing.provider.detached.length;
  expect(await operations.detach(customer, second, { idempotencyKey })).toMatchObject({ detachedId: second });
  expect(await last4s(customer)).toEqual(["4242 default"]);
  await givenUp(customer.accountId, 1);
  expect(billing.provider.detached.slice(before)).toHaveLength(1);
  const types = await methodEvents(customer);
  expect(types.slice(2)).toEqual(["billing.payment_method.detached.v1", "billing.payment_method.made_default.v1"]);
  // Asked again with its key, the answer is the same; with another key it was given up before.
  expect(await operations.detach(customer, second, { idempotencyKey })).toMatchObject({ userErrors: [] });
  expect(refusals(await operations.detach(customer, second))).toEqual(["STATE_INVALID id"]);
  expect(refusals(await operations.makeDefault(customer, second))).toEqual(["STATE_INVALID id"]);
  expect((await operations.start(customer, "team", { paymentMethodId: first })).payment.status).toBe("SUCCEEDED");
});

test("the last method of a plan that goes on stays, one of a payment under way, too", async () => {
  const customer = await billing.customer();
  const id = await operations.attach(customer, "tok_slow");
  const { payment, subscription } = await operations.start(customer, "team");
  expect(refusals(await operations.detach(customer, id))).toEqual(["STATE_INVALID id"]);
  await billing.paymentSettled(payment.id);
  expect(refusals(await operations.detach(customer, id))).toEqual(["STATE_INVALID id"]);
  await operations.cancel(customer, subscription.id);
  expect(await operations.detach(customer, id)).toMatchObject({ detachedId: id, userErrors: [] });
  expect(await last4s(customer)).toEqual([]);
});

test("an attachment asked for again gives its method, also when that was given up meanwhile", async () => {
  const customer = await billing.customer();
  const input = { accountId: customer.accountId, providerToken: "tok_visa", idempotencyKey: operations.newKey() };
  const { paymentMethod } = await operations.attachWith(customer, input);
  await operations.detach(customer, paymentMethod.id);
  await givenUp(customer.accountId, 1);
  expect(await operations.attachWith(customer, input)).toMatchObject({ paymentMethod: null, userErrors: [] });
  expect(await last4s(customer)).toEqual([]);
});

test("handles lie sealed in the database, each for its method alone; those from before are sealed [S92]", async () => {
  const customer = await billing.customer();
  const [one, two] = [await operations.attach(customer, "tok_visa"), await operations.attach(customer, "tok_declined")];
  const rows = [await rowOf(one), await rowOf(two)];
  for (const { reference, sealed_with } of rows) {
    expect(reference).not.toContain("sbx_");
    expect(sealed_with).toMatch(/^[0-9a-f]{16}$/);
  }
  // Somebody who can write to the database cannot have another card charged.
  await billing.admin.query("UPDATE payment_method SET reference = $2 WHERE id = $1", [two, rows[0].reference]);
  await expect(operations.start(customer, "team")).rejects.toThrow("INTERNAL_SERVER_ERROR");

  const plain = `sbx_pm_${"a".repeat(24)}.tok_visa`;
  await billing.admin.query("UPDATE payment_method SET reference = $2, sealed_with = NULL WHERE id = $1", [two, plain]);
  expect((await operations.start(customer, "team")).payment.status).toBe("SUCCEEDED");
});

test("a newer secret seals everything anew, so that the older one can go [S92]", async () => {
  const customer = await billing.customer();
  const id = await operations.attach(customer, "tok_visa");
  const [before, plain] = [await rowOf(id), await operations.attach(customer, "tok_mastercard")];
  await billing.admin.query("UPDATE payment_method SET reference = $2, sealed_with = NULL WHERE id = $1", [
    plain,
    `sbx_pm_${"b".repeat(24)}.tok_mastercard`,
  ]);
  const newer = await billing.instance({ newer: [randomBytes(32).toString("hex")] });
  const sealedAnew = await waitFor(
    async () => {
      const rows = [await rowOf(id), await rowOf(plain)];
      return rows.every(({ sealed_with }) => sealed_with !== null && sealed_with !== before.sealed_with) && rows;
    },
    { what: "the new seals" },
  );
  expect(JSON.stringify(sealedAnew)).not.toContain("sbx_");
  const { payment } = await operationsOf(billing, newer).start(customer, "team");
  expect(payment.status).toBe("SUCCEEDED");
});
