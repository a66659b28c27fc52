// Store functions that lock or answer by raw SQL give what the same row gives when Prisma reads it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { type BillingClient, createBillingClient } from "../../../../prisma/billing/client.ts";
import {
  findAccounts,
  findPaymentMethods,
  insertPaymentMethod,
  lockAccount,
} from "../../../../subgraphs/billing/store/accounts.ts";
import { findInvoices, lockInvoice } from "../../../../subgraphs/billing/store/invoices.ts";
import { findUnsettled } from "../../../../subgraphs/billing/store/payments.ts";
import { type BillingFixture, type Customer, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let client: BillingClient;
let customer: Customer;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance({ parts: false }));
  client = createBillingClient(billing.urls.BILLING_DATABASE_URL, { poolSize: 1 });
  customer = await billing.customer();
});
afterAll(async () => {
  await client?.$disconnect();
  await billing?.stop();
});

test("a locked account equals the account as it is found [S8]", async () => {
  const { organizationId, accountId } = customer;
  await inTenants(client, [organizationId], async (tx) => {
    expect([await lockAccount(tx, accountId)]).toEqual(await findAccounts(tx, [accountId]));
  });
});

test("a locked invoice equals the invoice as it is found, open and paid [S8]", async () => {
  const { organizationId } = customer;
  await operations.attach(customer, "tok_declined");
  const { invoice } = await operations.start(customer, "starter");
  const compare = () =>
    inTenants(client, [organizationId], async (tx) => {
      const locked = await lockInvoice(tx, invoice.id);
      expect([locked]).toEqual(await findInvoices(tx, [invoice.id]));
      return locked;
    });
  expect(await compare()).toMatchObject({ status: "OPEN", paidAt: null });
  const paymentMethodId = await operations.attach(customer, "tok_visa");
  await operations.pay(customer, invoice.id, { paymentMethodId });
  expect(await compare()).toMatchObject({ status: "PAID", paidAt: expect.any(Date) });
});

test("an inserted payment method equals the method as it is found, with and without what may be missing [S8]", async () => {
  const { organizationId, accountId } = customer;
  const shown = [
    { brand: "visa", last4: "4242" },
    { brand: null, last4: null },
  ];
  for (const { brand, last4 } of shown) {
    const id = billing.ids.next("pm");
    const method = { id, organizationId, accountId, kind: "card", provider: "sandbox", reference: "ref", brand, last4 };
    await inTenants(client, [organizationId], async (tx) => {
      expect([await insertPaymentMethod(tx, method, false)]).toEqual(await findPaymentMethods(tx, [id]));
    });
  }
});

test("an unsettled payment is found by the relay role with its organisation", async () => {
  const { organizationId, ...other } = await billing.customer();
  await operations.attach({ organizationId, ...other }, "tok_slow");
  const { payment } = await operations.start({ organizationId, ...other }, "team");
  await billing.admin.query("UPDATE payment SET next_attempt_at = now() WHERE id = $1", [payment.id]);
  const scout = createBillingClient(billing.urls.BILLING_RELAY_DATABASE_URL, { poolSize: 1 });
  try {
    expect(await findUnsettled(scout, 1_000)).toContainEqual({ id: payment.id, organizationId });
  } finally {
    await scout.$disconnect();
  }
});
