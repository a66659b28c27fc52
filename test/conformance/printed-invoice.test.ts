// Billing details on the running platform, over both topologies: they stand on the invoice, its receipt goes to the
// address that they name, and a later change leaves the invoice as it was.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailTo } from "../support/client/mailbox-client.ts";
import { attachCard, newMember, newOrganization, startPlan } from "../support/client/new-member.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

interface Printed {
  readonly invoice: { readonly number: string; readonly documentUrl: string };
}
const PRINTED = "query($id: ID!) { invoice(id: $id) { number documentUrl } }";
const DETAILS = "account { version billingEmail taxId address { name city country } }";

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack(topology);
  });
  afterAll(() => stack?.stop());

  test("billing details stand on the invoice for good, and its receipt goes where they say", async () => {
    const owner = await newMember(stack);
    const account = await newOrganization(owner, "Analytical Engines");
    const { accountId: id, organizationId } = account;
    const billingEmail = `billing.${randomUUID().slice(0, 13)}@example.com`;
    const address = { name: "Analytical Engines Ltd", line1: "1 Main Street", city: "Berlin", country: "DE" };
    const update = (input: object) =>
      owner.client.mutate<{ account: { readonly version: number } }>(
        "billingAccountUpdate",
        { id, idempotencyKey: randomUUID(), ...input },
        DETAILS,
      );
    const { account: named } = await update({ expectedVersion: 1, billingEmail, taxId: "DE123456789", address });
    expect(named).toMatchObject({ version: 2, billingEmail, taxId: "DE123456789", address: { city: "Berlin" } });
    await attachCard(owner, account);
    const { invoice } = await startPlan(owner, account, "team");
    expect(invoice.status).toBe("PAID");

    const print = async () => (await owner.client.request<Printed>(PRINTED, { id: invoice.id })).invoice;
    const { number, documentUrl } = await print();
    const receipt = await mailTo(stack.mailbox, billingEmail, /^Receipt/);
    expect(receipt.subject).toBe(`Receipt for invoice ${number}`);
    const [{ total } = { total: "" }] = await rowsOf<{ total: string }>(
      stack,
      "billing",
      "SELECT to_char(total_minor / 100.0, 'FM999990.00') AS total FROM invoice WHERE id = $1",
      [invoice.id],
    );
    expect(receipt.text).toContain(`Invoice ${number} of Analytical Engines over €${total} is paid.`);
    expect(receipt.text).toContain(`/o/${organizationId}`);

    const { version } = named;
    const moved = { expectedVersion: version, taxId: null, address: { ...address, name: "Difference Engines Ltd" } };
    // The payment changed nothing of the account.
    expect((await update(moved)).account).toMatchObject({ taxId: null, address: { name: "Difference Engines Ltd" } });
    for (const link of [documentUrl, (await print()).documentUrl]) {
      expect(new URL(link).origin).toBe(new URL(stack.url).origin.replace("127.0.0.1", new URL(link).hostname));
      const page = await fetch(link);
      expect(page.status).toBe(200);
      expect(page.headers.get("referrer-policy")).toBe("no-referrer");
      expect(page.headers.get("cache-control")).toBe("private, no-store");
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
      const html = await page.text();
      for (const part of [`Invoice ${number}`, "Analytical Engines Ltd", "DE123456789", `€${total}`]) {
        expect(html).toContain(part);
      }
      expect(html).not.toContain("Difference Engines");
    }
    const forged = await fetch(documentUrl.replace(/token=.{4}/, "token=AAAA"));
    expect([forged.status, forged.headers.get("content-type")]).toEqual([403, "text/html; charset=utf-8"]);
    expect((await fetch(new URL("/documents/billing/invoices/inv_1", stack.url))).status).toBe(404);
    expect((await fetch(new URL("/documents/user/invoices/inv_1", stack.url))).status).toBe(404);

    // What is kept of it names nobody's address.
    const recorded = () =>
      rowsOf<{ entry: string }>(
        stack,
        "audit",
        "SELECT audit_entry::text AS entry FROM audit_entry WHERE tenant_id = $1",
        [organizationId],
      );
    const updates = async () => (await recorded()).filter(({ entry }) => entry.includes("billing.account.updated"));
    await waitFor(async () => (await updates()).length === 2, { what: "the audit entries of both changes" });
    expect(JSON.stringify(await recorded())).not.toMatch(/billing\.[\w-]+@|Main Street|DE123456789/);
  });
});
