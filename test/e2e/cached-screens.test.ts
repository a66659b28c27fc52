// Screens that were open before are shown from the client's own normalised cache, and brought up to date when the network answers.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, startBrowser } from "../support/browser.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  startPlan,
} from "../support/client/newcomer.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

let stack: Stack;
let browser: Browser;
let owner: Member;
let account: Account;
let window: Page;

beforeAll(async () => {
  stack = await startStack("embedded");
  owner = await newMember(stack, "Ada Lovelace");
  account = await newOrganization(owner, "Analytical Engines");
  await attachCard(owner, account);
  await startPlan(owner, account);
  browser = await startBrowser(stack.url);
  window = await browser.newWindow();
  await window.goto("/sign-in");
  await window.getByLabel("E-mail").fill(owner.email);
  await window.getByLabel("Password").fill(owner.password);
  await window.getByRole("button", { name: "Sign in" }).click();
  await window.getByRole("status", { name: "Connection: Live" }).waitFor();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.stop();
});

const tab = (name: string) => window.getByRole("navigation", { name: "Organisation" }).getByRole("link", { name });
const heading = (name: string) => window.getByRole("heading", { name, level: 1, exact: true });

const row = (name: RegExp) => window.getByRole("row", { name });

/** From now on nothing is answered but the named operations, until `release`. */
async function holdNetwork(...passing: readonly string[]) {
  const asked: string[] = [];
  const released = Promise.withResolvers<void>();
  await window.route("**/graphql", async (route) => {
    const body: unknown = route.request().postDataJSON();
    const named = typeof body === "object" && body !== null && "operationName" in body;
    const name = named ? String(body.operationName) : "";
    asked.push(name);
    if (!passing.includes(name)) await released.promise;
    await route.continue();
  });
  return {
    asked,
    async release() {
      released.resolve();
      await window.unrouteAll({ behavior: "wait" });
    },
  };
}

async function rename(name: string): Promise<void> {
  const { organization } = await owner.client.request<{ organization: { version: number } }>(
    "query($id: ID!) { organization(id: $id) { version } }",
    { id: account.organizationId },
  );
  const input = { id: account.organizationId, expectedVersion: organization.version, name };
  await owner.client.mutate("organizationUpdate", input, "organization { id }");
}

test("a screen that was open before is shown without waiting for the network, and then brought up to date [S42]", async () => {
  await tab("Members").click();
  await row(/Ada Lovelace/).waitFor();
  await tab("Plans").click();
  await window.getByRole("heading", { name: "Team", exact: true }).waitFor();
  await tab("Dashboard").click();
  await row(/Paid/).waitFor();

  const network = await holdNetwork();
  await rename("Difference Engines");
  await tab("Members").click();
  await row(/Ada Lovelace/).waitFor();
  await waitFor(() => network.asked.includes("Members"), { what: "the screen to ask for news" });
  await tab("Plans").click();
  await window.getByRole("heading", { name: "Team", exact: true }).waitFor();
  await tab("Dashboard").click();
  await row(/Paid/).waitFor();
  await heading("Analytical Engines").waitFor();
  expect(await window.getByText(/^Loading/).count()).toBe(0);

  await network.release();
  await heading("Difference Engines").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("what one screen learns of an object, another shows before its own request is answered [S42]", async () => {
  await heading("Difference Engines").waitFor();
  const network = await holdNetwork("Members");
  await rename("Thinking Engines");
  await tab("Members").click();
  // It names the organisations of the viewer, which another query has read.
  const switcher = window.getByRole("combobox", { name: "Organisation" });
  await waitFor(async () => (await switcher.textContent())?.includes("Thinking Engines"), { what: "the new name" });
  await tab("Dashboard").click();
  await heading("Thinking Engines").waitFor();
  await network.release();
});
