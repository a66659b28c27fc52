// Printable invoices and credit notes, opened by their links: what they show, for how long, and to whom.
import { afterAll, beforeAll, expect, test } from "vitest";
import { localDocuments } from "../../../../platform/documents/document.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

const ADDRESS = { name: "Analytical Engines", line1: "</p><script>alert(1)</script>", city: "Berlin", country: "DE" };

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;
let now = new Date("2026-11-28T10:00:00.000Z");
beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  subgraph = await billing.instance();
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

async function linkOf(viewer: Customer["viewer"], type: "Invoice" | "CreditNote", id: string): Promise<string> {
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type} { documentUrl } } }`;
  const { data } = await billing.ask(subgraph, viewer, query, { of: [{ __typename: type, id }] });
  return data._entities[0]?.documentUrl;
}

/** As the gateway opens an address. */
async function open(link: string): Promise<{ readonly status: number; readonly html: string }> {
  const { pathname, searchParams: query } = new URL(link);
  const [, root, name = "", kind = "", id = ""] = pathname.split("/");
  expect(root).toBe("documents");
  const page = await localDocuments([subgraph])(name, kind, { id: decodeURIComponent(id), query });
  if (page === undefined) throw new Error(`nobody serves ${link}`);
  return page;
}

async function paidInvoice(): Promise<Json> {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  await operations.update(customer, customer, { taxId: "DE123456789", address: ADDRESS });
  return { customer, ...(await operations.start(customer, "team", { quantity: 3 })) };
}

test("the link of an invoice opens it for 15 minutes, as it was issued, and nothing in it is markup", async () => {
  const { customer, invoice } = await paidInvoice();
  const link = await linkOf(customer, "Invoice", invoice.id);
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:4000\/documents\/billing\/invoices\/inv_[\w-]+\?token=/);
  await operations.update(customer, customer, { taxId: null, address: null });
  const { status, html } = await open(link);
  expect(status).toBe(200);
  for (const part of [`Invoice ${invoice.number}`, "Analytical Engines", "Tax id: DE123456789", "Germany", "Paid"]) {
    expect(html).toContain(part);
  }
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).not.toContain("<script");
  now = new Date(now.getTime() + 15 * 60_000 + 1);
  expect((await open(link)).status).toBe(410);
  expect((await open(await linkOf(customer, "Invoice", invoice.id))).status).toBe(200);
});

test("a link that was changed opens nothing, and a document that there is not is missing", async () => {
  const { customer, invoice } = await paidInvoice();
  const other = await paidInvoice();
  const link = await linkOf(customer, "Invoice", invoice.id);
  const changed = link.replace(invoice.id, other.invoice.id);
  expect((await open(changed)).status).toBe(403);
  expect((await open(link.replace("/invoices/", "/credit-notes/"))).status).toBe(404);
  expect((await open(link.slice(0, link.indexOf("?")))).status).toBe(403);
  expect((await open(link.replace(invoice.id, "inv_1"))).status).toBe(404);
  expect((await open(link.replace(invoice.id, encodeURIComponent("<script>")))).html).not.toContain("<script");
});

test("whoever may not read an invoice gets no link of it", async () => {
  const { customer, invoice } = await paidInvoice();
  const stranger = await billing.customer();
  for (const viewer of [stranger, billing.viewerOf(customer.organizationId, ["organization.read"])]) {
    expect(await linkOf(viewer, "Invoice", invoice.id)).toBeUndefined();
  }
});

test("a credit note opens by its link, made out to whom its invoice was", async () => {
  const { customer, subscription, invoice } = await paidInvoice();
  await operations.update(customer, customer, { address: { ...ADDRESS, name: "Difference Engines" } });
  const { creditNote } = await operations.cancel(customer, subscription.id, { when: "NOW" });
  const { status, html } = await open(await linkOf(customer, "CreditNote", creditNote.id));
  expect(status).toBe(200);
  for (const part of [`Credit note ${creditNote.number}`, invoice.number, "Analytical Engines"]) {
    expect(html).toContain(part);
  }
  expect(html).not.toContain("Difference Engines");
});
