// To whom invoices are made out: who may say so, what is refused, what is told of it, and what stays on an invoice.
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

const UPDATED = "billing.account.updated.v1";
const ADDRESS = {
  ...{ name: "Analytical Engines", line1: "1 Main Street", line2: null, postalCode: "10115" },
  ...{ city: "Berlin", region: null, country: "DE" },
};

let billing: BillingFixture;
let operations: Operations;
beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing?.stop());

const update = (customer: Customer, input: Json) => operations.update(customer, customer, input);
const updates = async ({ organizationId }: Customer) =>
  (await billing.eventsOf(organizationId)).filter(({ type }: Json) => type === UPDATED);

describe("billingAccountUpdate", () => {
  test("sets what is named and leaves the rest; null takes away; nothing changed is no event", async () => {
    const customer = await billing.customer();
    const first = await update(customer, {
      ...{ billingEmail: "Billing@Example.com", taxId: "de 123 456 789", address: { ...ADDRESS, line2: " " } },
    });
    const details = { billingEmail: "billing@example.com", taxId: "DE123456789", address: ADDRESS };
    expect(first).toMatchObject({ account: { ...details, version: 2 }, userErrors: [] });
    const second = await update(customer, { taxId: null });
    expect(second.account).toMatchObject({ ...details, taxId: null, version: 3 });
    expect((await update(customer, { billingEmail: "billing@example.com" })).account.version).toBe(3);
    expect((await update(customer, {})).account.version).toBe(3);
    const third = await update(customer, { billingEmail: null, address: null });
    expect(third.account).toMatchObject({ billingEmail: null, taxId: null, address: null, version: 4 });
    expect(await operations.details(customer)).toEqual(third.account);

    const events = await updates(customer);
    expect(events.map(({ data, aggregateversion }: Json) => [data.changedFields, aggregateversion])).toEqual([
      [["billingEmail", "taxId", "address"], 2],
      [["taxId"], 3],
      [["billingEmail", "address"], 4],
    ]);
    expect(events.map(({ data }: Json) => typeof data.sealedBillingEmail)).toEqual(["string", "undefined", "object"]);
    // The events are kept, and tell nothing of what was set.
    expect(JSON.stringify(events)).not.toMatch(/billing@|Analytical|Main Street|10115|DE123456789/i);
    expect(events.flatMap((event: Json) => billing.contracts.validate(event) ?? [])).toEqual([]);
  });

  test("refuses what cannot be right, at its field, and writes nothing", async () => {
    const customer = await billing.customer();
    const address = (part: Json) => ({ address: { ...ADDRESS, ...part } });
    for (const [input, field] of [
      [address({ name: " " }), "BLANK name"],
      [address({ name: "<img src=x>" }), "INVALID name"],
      [address({ line1: "x".repeat(121) }), "TOO_LONG line1"],
      [address({ country: "XX" }), "INVALID country"],
      [{ taxId: "x".repeat(41) }, "TOO_LONG taxId"],
      [{ taxId: "123456789", ...address({}) }, "INVALID taxId"],
      [{ taxId: "DE123456789", expectedVersion: 7 }, "VERSION_CONFLICT expectedVersion"],
      [{ taxId: "DE123456789", idempotencyKey: "short" }, "INVALID idempotencyKey"],
    ] as const) {
      const payload = await update(customer, input);
      expect([refusals(payload), payload.account]).toEqual([[field], null]);
    }
    const { userErrors } = await update(customer, address({ city: "" }));
    expect(userErrors[0].field).toEqual(["input", "address", "city"]);
    expect(await updates(customer)).toEqual([]);
    // What was free before is not, once the country is known.
    expect((await update(customer, { taxId: "12-3456789" })).userErrors).toEqual([]);
    expect(refusals(await update(customer, address({})))).toEqual(["INVALID taxId"]);
    expect((await update(customer, address({ country: "US" }))).account.taxId).toBe("12-3456789");
  });

  test("is for whoever manages the organisation's money; others' accounts are missing, whatever else is wrong", async () => {
    const customer = await billing.customer();
    const stranger = await billing.customer();
    const reader = billing.viewerOf(customer.organizationId, ["billing.read"]);
    const wrong = { address: { ...ADDRESS, country: "XX" }, idempotencyKey: "short" };
    expect(refusals(await operations.update(stranger, customer, wrong))).toEqual(["NOT_FOUND id"]);
    expect(refusals(await operations.update(customer, customer, { ...wrong, id: "acc_nobody" }))).toEqual([
      "NOT_FOUND id",
    ]);
    expect(refusals(await operations.update(reader, customer, wrong))).toEqual(["FORBIDDEN"]);
    expect(await updates(customer)).toEqual([]);
  });

  test("changes once per key, and at one version only", async () => {
    const customer = await billing.customer();
    const input = { taxId: "1", expectedVersion: 1, idempotencyKey: operations.newKey() };
    const answers = await Promise.all(Array.from({ length: 10 }, () => update(customer, input)));
    for (const { account, userErrors } of answers) {
      if (userErrors.length === 0) expect(account).toMatchObject({ taxId: "1", version: 2 });
      else expect(userErrors[0].code).toBe("IDEMPOTENCY_IN_PROGRESS");
    }
    expect(refusals(await update(customer, { ...input, taxId: "2" }))).toEqual(["IDEMPOTENCY_MISMATCH idempotencyKey"]);
    expect(await updates(customer)).toHaveLength(1);
    const racing = await Promise.all(["3", "4", "5"].map((taxId) => update(customer, { taxId, expectedVersion: 2 })));
    expect(racing.flatMap(refusals)).toEqual(Array(2).fill("VERSION_CONFLICT expectedVersion"));
  });
});

const billToOf = async (invoiceId: string): Promise<Json> =>
  (await billing.admin.query("SELECT bill_to FROM invoice WHERE id = $1", [invoiceId])).rows[0].bill_to;

test("an invoice keeps to whom it was made out, and the database lets nobody change it", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const details = { taxId: "DE123456789", address: ADDRESS };
  await update(customer, { ...details, billingEmail: "billing@example.com" });
  const { invoice, subscription } = await operations.start(customer, "team");
  expect(await billToOf(invoice.id)).toEqual(details);
  await update(customer, { taxId: null, address: { ...ADDRESS, name: "Difference Engines" } });
  expect(await billToOf(invoice.id)).toEqual(details);
  const { invoice: next } = await operations.change(customer, subscription.id, { code: "business" });
  expect(await billToOf(next.id)).toMatchObject({ taxId: null, address: { name: "Difference Engines" } });

  const client = new Client({ connectionString: billing.databaseUrls.app });
  await client.connect();
  const change = client.query("UPDATE invoice SET bill_to = NULL WHERE id = $1", [invoice.id]);
  await expect(change).rejects.toMatchObject({ code: "42501" });
  await client.end();
});

test("an invoice of an account without details is made out to nobody", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const { invoice } = await operations.start(customer, "team");
  expect(await billToOf(invoice.id)).toBeNull();
});

test("an account that is closed forgets its details, and its invoices keep theirs", async () => {
  const customer = await billing.customer();
  const { organizationId, accountId } = customer;
  await operations.attach(customer, "tok_visa");
  await update(customer, { billingEmail: "billing@example.com", taxId: "DE123456789", address: ADDRESS });
  const { invoice } = await operations.start(customer, "team");
  const deleted = {
    specversion: "1.0",
    ...{ id: billing.ids.uuid(), source: "/tributary/user", type: "user.organization.deleted.v1" },
    ...{ time: new Date().toISOString(), subject: organizationId, datacontenttype: "application/json" },
    ...{ data: { organizationId }, partitionkey: organizationId, orgid: organizationId, actorkind: "SERVICE" },
    ...{
      actorid: "user",
      aggregateversion: 3,
      correlationid: "f2fbee78dbbf75cd96ef527e506f4389",
      hop: 0,
      sequence: "9",
    },
  };
  expect(billing.contracts.validate(deleted)).toBeUndefined();
  await billing.eventLog.ensureTopics(["user.events"]);
  await billing.eventLog.append("user.events", [{ key: organizationId, value: JSON.stringify(deleted) }]);
  await waitFor(async () => (await billing.eventTypes(organizationId)).includes("billing.account.closed.v1"), {
    what: "the account to be closed",
  });
  const { rows } = await billing.admin.query(
    "SELECT billing_email, tax_id, address, status FROM billing_account WHERE id = $1",
    [accountId],
  );
  expect(rows).toEqual([{ billing_email: null, tax_id: null, address: null, status: "CLOSED" }]);
  expect(await billToOf(invoice.id)).toMatchObject({ address: ADDRESS });
  expect(refusals(await update(customer, { taxId: "1" }))).toEqual(["STATE_INVALID id"]);
});
