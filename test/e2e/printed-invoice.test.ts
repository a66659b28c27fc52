// An invoice is printed from the web client: its page opens in a window of its own without a session, and shows markup
// in a stored name as text.
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, photograph, startBrowser } from "../support/browser.ts";
import { attachCard, type Member, newMember, newOrganization, startPlan } from "../support/client/new-member.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

const HOSTILE = `<script>window.ran = 1</script><img src=x onerror="window.ran = 1">`;
const ADDRESS = { name: "Analytical Engines Ltd", line1: "1 Main Street", city: "Berlin", country: "DE" };
const DETAILS = { taxId: "DE123456789", address: ADDRESS };

let stack: Stack;
let browser: Browser;
let owner: Member;
let invoiceId: string;
beforeAll(async () => {
  stack = await startStack("embedded", {
    settings: { BILLING_SELLER_NAME: "Tributary Ltd", BILLING_SELLER_ADDRESS: "2 River Street; 1010 Vienna" },
  });
  owner = await newMember(stack, "Ada Lovelace");
  const account = await newOrganization(owner, "Analytical Engines");
  const input = { id: account.accountId, expectedVersion: 1, ...DETAILS, idempotencyKey: randomUUID() };
  await owner.client.mutate("billingAccountUpdate", input, "account { id }");
  await attachCard(owner, account);
  invoiceId = (await startPlan(owner, account, "team")).invoice.id;
  browser = await startBrowser(stack.url);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.stop();
});

test("“Print” opens the invoice in a window of its own, with who, to whom and how much", async () => {
  const page = await browser.newWindow();
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  const print = page.getByRole("button", { name: /^Print invoice/ });
  await print.waitFor();
  await photograph(page, "08-invoices");
  const [printed] = await Promise.all([page.waitForEvent("popup"), print.click()]);
  await printed.getByRole("heading", { name: /^Invoice 20\d\d-000001$/ }).waitFor();
  const from = printed.getByRole("region", { name: "From" });
  expect(await from.innerText()).toMatch(/Tributary Ltd\s+2 River Street\s+1010 Vienna/);
  const to = printed.getByRole("region", { name: "Bill to" });
  expect(await to.innerText()).toMatch(
    /Analytical Engines Ltd\s+1 Main Street\s+Berlin\s+Germany\s+Tax id: DE123456789/,
  );
  expect(await printed.getByRole("row", { name: /^Total/ }).innerText()).toMatch(/€\d+\.\d\d/);
  expect(await printed.getByRole("row", { name: /^Amount due/ }).innerText()).toContain("€0.00");
  await photograph(printed, "09-printed-invoice");
  await mkdir("test-results", { recursive: true });
  const paper = await printed.pdf({ format: "A4", path: join("test-results", "09-printed-invoice.pdf") });
  // One sheet.
  expect(paper.toString("latin1").match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
  expect(browser.complaints).toEqual([]);
});

test("a stored name that is markup is shown as text, and nothing of it runs [S21]", async () => {
  await rowsOf(
    stack,
    "billing",
    "UPDATE invoice SET bill_to = jsonb_set(bill_to, '{address,name}', to_jsonb($2::text)) WHERE id = $1",
    [invoiceId, HOSTILE],
  );
  const { invoice } = await owner.client.request<{ invoice: { documentUrl: string } }>(
    "query($id: ID!) { invoice(id: $id) { documentUrl } }",
    { id: invoiceId },
  );
  // Somebody else's browser: no session, no cookie.
  const stranger = await startBrowser(stack.url);
  try {
    const page = await stranger.newWindow();
    await page.goto(invoice.documentUrl);
    await page.getByText(HOSTILE).waitFor();
    await page.waitForLoadState("networkidle").catch(() => undefined);
    expect(await page.evaluate(() => Reflect.get(window, "ran"))).toBeUndefined();
    expect(await page.locator("script, img").count()).toBe(0);
    expect(stranger.complaints).toEqual([]);
    await page.goto(invoice.documentUrl.replace(/token=.{4}/, "token=AAAA"));
    await page.getByRole("heading", { name: "This link is not valid" }).waitFor();
  } finally {
    await stranger[Symbol.asyncDispose]();
  }
});
