// Store functions that lock or answer by raw SQL give what the same row gives when Prisma reads it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { InvoiceId } from "../../../../subgraphs/billing/domain/ids.ts";
import { findAccounts, lockAccount } from "../../../../subgraphs/billing/store/accounts.ts";
import { type BillingDatabase, openBillingDatabase } from "../../../../subgraphs/billing/store/database.ts";
import { findInvoices, lockInvoice } from "../../../../subgraphs/billing/store/invoices.ts";
import { findPaymentMethods, insertPaymentMethod } from "../../../../subgraphs/billing/store/payment-methods.ts";
import { findUnsettled } from "../../../../subgraphs/billing/store/payments.ts";
import { type BillingFixture, type Customer, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let database: BillingDatabase;
let customer: Customer;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance({ parts: false }));
  database = openBillingDatabase("test", billing.databaseUrls.app, 1);
  customer = await billing.customer();
});
afterAll(async () => {
  await database?.part.stop?.();
  await billing?.stop();
});

test("a locked account equals the account as it is found [S8]", async () => {
  const { organizationId, accountId } = customer;
  await inTenants(database, [organizationId], async (tx) => {
    expect([await lockAccount(tx, accountId)]).toEqual(await findAccounts(tx, [accountId]));
  });
});

test("a locked invoice equals the invoice as it is found, open and paid [S8]", async () => {
  const { organizationId } = customer;
  await operations.attach(customer, "tok_declined");
  const { invoice } = await operations.start(customer, "starter");
  const id = InvoiceId.require(invoice.id);
  const compare = () =>
    inTenants(database, [organizationId], async (tx) => {
      const locked = await lockInvoice(tx, id);
      expect([locked]).toEqual(await findInvoices(tx, [id]));
      return locked;
    });
  expect(await compare()).toMatchObject({ status: "OPEN", paidAt: null });
  const paymentMethodId = await operations.attach(customer, "tok_visa");
  await operations.pay(customer, id, { paymentMethodId });
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
    const card = { kind: "card", brand, last4, expMonth: null, expYear: null, fingerprint: null };
    const stored = { provider: "sandbox", reference: "ref", sealedWith: null, status: "ACTIVE" as const };
    const method = { id, organizationId, accountId, ...card, ...stored };
    await inTenants(database, [organizationId], async (tx) => {
      expect([await insertPaymentMethod(tx, method, false)]).toEqual(await findPaymentMethods(tx, [id]));
    });
  }
});

test("an unsettled payment is found by the relay role with its organisation", async () => {
  const other = await billing.customer();
  await operations.attach(other, "tok_slow");
  const { payment } = await operations.start(other, "team");
  await billing.admin.query("UPDATE payment SET next_attempt_at = now() WHERE id = $1", [payment.id]);
  const pollingDatabase = openBillingDatabase("test", billing.databaseUrls.relay, 1);
  try {
    const { organizationId } = other;
    expect(await findUnsettled(pollingDatabase.autocommit, 1_000)).toContainEqual({ id: payment.id, organizationId });
  } finally {
    await pollingDatabase.part.stop?.();
  }
});
