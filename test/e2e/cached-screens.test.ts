// Screens that were open before are shown from the client's own normalised cache, and brought up to date when the
// network answers.
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
} from "../support/client/new-member.ts";
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

/** From now on nothing is answered until `release`: of all operations, or of the named ones. */
async function holdNetwork() {
  const asked: string[] = [];
  const released = Promise.withResolvers<void>();
  const releasedByName = new Map<string, PromiseWithResolvers<void>>();
  const gate = (name: string) => {
    const release = releasedByName.get(name) ?? Promise.withResolvers<void>();
    releasedByName.set(name, release);
    return release;
  };
  await window.route("**/graphql", async (route) => {
    const body: unknown = route.request().postDataJSON();
    const named = typeof body === "object" && body !== null && "operationName" in body;
    const name = named ? String(body.operationName) : "";
    asked.push(name);
    await Promise.race([released.promise, gate(name).promise]);
    await route.continue();
  });
  return {
    async isAsked(name: string) {
      await waitFor(() => asked.includes(name), { what: `a request of ${name}` });
    },
    async release(...names: readonly string[]) {
      for (const name of names) gate(name).resolve();
      if (names.length > 0) return;
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
  await network.isAsked("Members");
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

test("what one query learns of an object, every screen shows while its own request is under way [S42]", async () => {
  await heading("Difference Engines").waitFor();
  const network = await holdNetwork();
  // The event of it makes the screens ask anew.
  await rename("Thinking Engines");
  await tab("Members").click();
  await network.isAsked("Viewer");
  await network.isAsked("Members");
  await network.release("Members");
  // It names the organisations of the viewer, which is asked for and not answered.
  const switcher = window.getByRole("combobox", { name: "Organisation" });
  await switcher.filter({ hasText: "Thinking Engines" }).waitFor();
  await tab("Dashboard").click();
  await network.isAsked("Dashboard");
  await heading("Thinking Engines").waitFor();
  await network.release();
  expect(browser.complaints).toEqual([]);
});

test("a failure stays on its screen while another query brings news, and goes when its query is answered", async () => {
  await tab("Plans").click();
  await window.getByRole("heading", { name: "Team", exact: true }).waitFor();
  await window.route("**/graphql", (route) =>
    route.request().postData()?.includes('"Dashboard"') ? route.abort() : route.continue(),
  );
  await tab("Dashboard").click();
  const failure = window.getByRole("alert").getByText(/cannot be reached/);
  await failure.waitFor();
  await row(/Paid/).waitFor();
  // The viewer's organisations are asked for anew, and their names are known.
  await rename("Speaking Engines");
  await heading("Speaking Engines").waitFor();
  expect(await failure.isVisible()).toBe(true);
  await window.unrouteAll({ behavior: "wait" });
  await tab("Plans").click();
  await tab("Dashboard").click();
  await heading("Speaking Engines").waitFor();
  await failure.waitFor({ state: "detached" });
  expect(browser.complaints).toEqual([]);
});
