// One window follows an organisation, another one shows what is connected and closes some of it.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, photograph, startBrowser } from "../support/browser.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

let stack: Stack;
let browser: Browser;
let owner: Member;
let dashboard: Page;
let connections: Page;

beforeAll(async () => {
  stack = await startStack("embedded");
  owner = await newMember(stack, "Ada Lovelace");
  await newOrganization(owner, "Analytical Engines");
  browser = await startBrowser(stack.url);
  dashboard = await browser.newWindow();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.stop();
});

const rows = () => connections.getByRole("table").getByRole("row");

test("a person sees what follows events in their name, from which client, and closes one of them [S105]", async () => {
  await dashboard.goto("/sign-in");
  await dashboard.getByLabel("E-mail").fill(owner.email);
  await dashboard.getByLabel("Password").fill(owner.password);
  await dashboard.getByRole("button", { name: "Sign in" }).click();
  await dashboard.getByRole("status", { name: "Connection: Live" }).waitFor();
  const program = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
  const stream = await program.subscribe("subscription { identityEvents { sequence } }");
  try {
    connections = await browser.newWindow();
    await connections.goto("/");
    await connections.getByRole("link", { name: "Connections" }).click();
    await connections.getByRole("heading", { name: "Live connections" }).waitFor();
    await connections.getByRole("row", { name: /Audit events Analytical Engines .*This session/ }).waitFor();
    const foreign = connections.getByRole("row", { name: /Identity events Unknown program/ });
    await foreign.waitFor();
    await photograph(connections, "live-connections");
    const before = await rows().count();
    await foreign.getByRole("button", { name: /^Close / }).click();
    await foreign.waitFor({ state: "detached" });
    expect(await rows().count()).toBe(before - 1);
    await waitFor(() => stream.ended, { what: "the end of the program's subscription" });
    // The window of the dashboard goes on.
    await dashboard.getByRole("status", { name: "Connection: Live" }).waitFor();
    expect(browser.complaints).toEqual([]);
  } finally {
    await program.close();
  }
});
