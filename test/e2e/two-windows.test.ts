// The main job by hand: a newcomer in one window, a second window that follows, and a network that fails.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, photograph, startBrowser } from "../support/browser.ts";
import { tokenFromMail } from "../support/client/mailbox-client.ts";
import { attachCard, changePlan, type Member, signIn } from "../support/client/new-member.ts";
import { createFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { freePort } from "../support/ports.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const CUT_MS = 10_000;
const PERSON = { email: "ada.windows@example.com", password: "correct horse battery", displayName: "Ada Lovelace" };

let stack: Stack;
let proxy: FaultProxy;
let browser: Browser;
let first: Page;
let second: Page;

beforeAll(async () => {
  // The browser's way to the platform leads through the proxy, so its address is the platform's public one.
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  stack = await startStack("embedded", { settings: { GATEWAY_PUBLIC_URL: publicUrl } });
  proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: Number(new URL(stack.url).port) }, port });
  browser = await startBrowser(publicUrl);
  first = await browser.newWindow();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await proxy?.stop();
  await stack?.stop();
});

const organizationTab = (window: Page, name: string) =>
  window.getByRole("navigation", { name: "Organisation" }).getByRole("link", { name });
const connection = (window: Page, words: string) => window.getByRole("status", { name: `Connection: ${words}` });

/** Event ids of the feed, newest first. */
const feedOf = (window: Page) =>
  window
    .getByRole("list", { name: "Activity, newest first" })
    .getByRole("listitem")
    .evaluateAll((items) => items.map((item) => item.getAttribute("data-event-id") ?? ""));

const organizationOf = (window: Page): string => new URL(window.url()).pathname.split("/")[2] ?? "";

async function recordedEvents(member: Member, organizationId: string): Promise<readonly string[]> {
  const data = await member.client.request<{
    organization: { auditLog: { edges: readonly { node: { eventId: string } }[] } };
  }>("query($id: ID!) { organization(id: $id) { auditLog(first: 100) { edges { node { eventId } } } } }", {
    id: organizationId,
  });
  return data.organization.auditLog.edges.map(({ node }) => node.eventId);
}

test("input that cannot be right is refused beside its field, before any request [S15]", async () => {
  await first.goto("/");
  await photograph(first, "01-welcome");
  await first.getByRole("main").getByRole("link", { name: "Create account" }).click();
  const requests: string[] = [];
  first.on("request", (request) => void requests.push(request.url()));
  await first.getByLabel("Display name").fill(PERSON.displayName);
  await first.getByLabel("E-mail").fill("ada");
  await first.getByLabel("Password").fill("too short");
  await first.getByRole("button", { name: "Create account" }).click();
  const email = first.getByLabel("E-mail");
  expect(await email.getAttribute("aria-invalid")).toBe("true");
  expect(await email.evaluate((input) => input === document.activeElement)).toBe(true);
  await first.getByText("Use 12 characters or more.").waitFor();
  expect(requests).toEqual([]);
  await photograph(first, "02-sign-up");
});

test("a newcomer signs up, confirms the address, signs in and creates an organisation [S122]", async () => {
  await first.getByLabel("E-mail").fill(PERSON.email);
  await first.getByLabel("Password").fill(PERSON.password);
  await first.getByRole("button", { name: "Create account" }).click();
  await first.getByRole("heading", { name: "Check your mail" }).waitFor();
  await first.getByRole("link", { name: "open the mailbox" }).waitFor();
  await photograph(first, "03-check-your-mail");

  const token = await tokenFromMail(stack.mailbox, PERSON.email, "/verify");
  await first.goto(`/verify?token=${token}`);
  await first.getByRole("button", { name: "Confirm e-mail" }).click();
  await first.getByText("Your address is confirmed").waitFor();
  await photograph(first, "04-sign-in");
  await first.getByLabel("E-mail").fill(PERSON.email);
  await first.getByLabel("Password").fill(PERSON.password);
  await first.getByRole("button", { name: "Sign in" }).click();

  await first.getByLabel("Organisation name").fill("Analytical Engines");
  await first.getByText("analytical-engines").waitFor();
  await photograph(first, "05-new-organisation");
  await first.getByRole("button", { name: "Create organisation" }).click();
  await first.getByRole("heading", { name: "Analytical Engines" }).waitFor();
  await connection(first, "Live").waitFor();
  await photograph(first, "06-dashboard");
});

test("a declined card says why; the invoice that is paid with another card, and what it entitles to, show in the second window without reload [S91]", async () => {
  await organizationTab(first, "Plans").click();
  await first.getByRole("button", { name: "Choose Team", exact: true }).click();
  await photograph(first, "07-plans");
  await first.getByRole("radio", { name: "Test card that is declined" }).check();
  await first.getByRole("button", { name: /^Pay / }).click();
  await first
    .getByRole("alert")
    .getByText(/declined/)
    .waitFor();
  await photograph(first, "08-declined");

  second = await browser.newWindow();
  await second.goto("/");
  await second.getByRole("button", { name: /^Pay invoice/ }).waitFor();
  await connection(second, "Live").waitFor();
  await second.evaluate(() => document.body.setAttribute("data-untouched", "yes"));
  // Nothing is paid for yet, so nothing is granted.
  expect(await second.getByText("events this month").count()).toBe(0);
  await photograph(second, "09-second-window-open");

  await first.getByRole("radio", { name: "Test card that works" }).check();
  await first.getByRole("button", { name: /^Pay / }).click();
  await first.getByText(/is paid/).waitFor();
  await second.getByRole("row", { name: /Paid/ }).waitFor();
  await second.getByText("0 of 1,000,000 events this month").waitFor();
  await second.getByText("1 of 25 seats").waitFor();
  const item = second.getByRole("listitem").filter({ hasText: /^Invoice \S+ paid/ });
  await item.getByText("€29.00").waitFor();
  await item.getByText(PERSON.displayName).waitFor();
  await item.getByTitle(/^Audit entry [0-9a-f]{64}$/).waitFor();
  expect(await second.locator("body").getAttribute("data-untouched")).toBe("yes");
  await photograph(second, "10-second-window-paid");
});

test("a network cut of ten seconds loses nothing in either window", async () => {
  await organizationTab(first, "Dashboard").click();
  const organizationId = organizationOf(first);
  const owner = await signIn(stack, PERSON);
  const account = await accountOf(owner, organizationId);

  await proxy.mode("black-hole");
  const cutAt = performance.now();
  for (let card = 0; card < 5; card += 1) await attachCard(owner, account);
  await changePlan(owner, account, "business");
  for (const window of [first, second]) await connection(window, "Reconnecting…").waitFor();
  await photograph(first, "11-network-cut");
  await waitFor(() => performance.now() - cutAt >= CUT_MS, { what: "the end of the cut", deadlineMs: CUT_MS + 5_000 });
  await proxy.mode("pass");

  for (const window of [first, second]) {
    await connection(window, "Live").waitFor();
    await waitFor(
      async () => {
        const [shown, recorded] = [await feedOf(window), await recordedEvents(owner, organizationId)];
        return JSON.stringify(shown.toSorted()) === JSON.stringify(recorded.toSorted());
      },
      { what: "every recorded event in the feed, each once", intervalMs: 200 },
    );
    expect(await window.getByRole("row", { name: /Paid/ }).count()).toBe(2);
  }
  expect(await second.locator("body").getAttribute("data-untouched")).toBe("yes");
  await photograph(second, "12-after-the-cut");
});

test("signing out in one window signs out the other", async () => {
  await first.getByRole("button", { name: "Sign out" }).click();
  await first.getByRole("heading", { name: "Many streams, one river" }).waitFor();
  await second.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("no page broke, and none asked for what the content security policy forbids", () => {
  expect(browser.complaints).toEqual([]);
});

async function accountOf(member: Member, organizationId: string) {
  const data = await member.client.request<{ organization: { billingAccount: { id: string } } }>(
    "query($id: ID!) { organization(id: $id) { billingAccount { id } } }",
    { id: organizationId },
  );
  return { organizationId, accountId: data.organization.billingAccount.id };
}
