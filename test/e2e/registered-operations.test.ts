// The web client names its operations: on a platform that runs registered ones only, and on one that has never heard of
// them.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { startBrowser } from "../support/browser.ts";
import { tokenFromMail } from "../support/client/mailbox-client.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

const PERSON = { email: "grace.hashes@example.com", password: "correct horse battery", displayName: "Grace Hopper" };

/** What a window sends to `/graphql`, over HTTP and its socket, since this was called. */
function watch(window: Page) {
  const named: string[] = [];
  const texts: string[] = [];
  const note = (sent: string): void => {
    const message: unknown = JSON.parse(sent);
    const body = new Map(Object.entries(Object(Reflect.get(Object(message), "payload") ?? message)));
    if (!body.has("variables") && !body.has("extensions")) return;
    const query = body.get("query");
    if (typeof query === "string" && query !== "") texts.push(query);
    else named.push(sent);
  };
  window.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/graphql")) note(request.postData() ?? "{}");
  });
  window.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      const text = String(payload);
      if (text.includes('"subscribe"')) note(text);
    });
  });
  return { named, texts };
}

/** From an empty page to a paid plan: queries, mutations and live subscriptions. */
async function becomeCustomer(window: Page, { mailbox }: Stack): Promise<void> {
  await window.goto("/sign-up");
  await window.getByLabel("Display name").fill(PERSON.displayName);
  await window.getByLabel("E-mail").fill(PERSON.email);
  await window.getByLabel("Password").fill(PERSON.password);
  await window.getByRole("button", { name: "Create account" }).click();
  await window.getByRole("heading", { name: "Check your mail" }).waitFor();
  await window.goto(`/verify?token=${await tokenFromMail(mailbox, PERSON.email, "/verify")}`);
  await window.getByRole("button", { name: "Confirm e-mail" }).click();
  await window.getByText("Your address is confirmed").waitFor();
  await signIn(window);
  await window.getByLabel("Organisation name").fill("Compilers");
  await window.getByRole("button", { name: "Create organisation" }).click();
  await window.getByRole("status", { name: "Connection: Live" }).waitFor();
  await window.getByRole("link", { name: "Plans" }).first().click();
  await window.getByRole("button", { name: "Choose Team", exact: true }).click();
  await window.getByRole("radio", { name: "Test card that works" }).check();
  await window.getByRole("button", { name: /^Pay / }).click();
  await window.getByText(/is paid/).waitFor();
}

async function signIn(window: Page): Promise<void> {
  await window.getByLabel("E-mail").fill(PERSON.email);
  await window.getByLabel("Password").fill(PERSON.password);
  await window.getByRole("button", { name: "Sign in" }).click();
}

async function count(stack: Stack, sample: string): Promise<number> {
  const text = await (await fetch(`${stack.url}/metrics`)).text();
  const line = text.split("\n").find((it) => it.startsWith(`tributary_${sample} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}

test("the web client works where only registered operations run, and sends no text", async () => {
  const stack = await startStack("embedded", { settings: { TRUSTED_DOCUMENTS: "only" } });
  try {
    await using browser = await startBrowser(stack.url);
    const window = await browser.newWindow();
    const { named, texts } = watch(window);
    await becomeCustomer(window, stack);
    expect(texts).toEqual([]);
    expect(named.filter((sent) => sent.includes('"subscribe"')).length).toBeGreaterThanOrEqual(2);
    expect(named.length).toBeGreaterThan(10);
    expect(browser.complaints).toEqual([]);
    const refused = await fetch(`${stack.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ plans { edges { node { id } } } }" }),
    });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("QUERY_NOT_IN_SAFELIST");
    expect(await count(stack, 'operations_total{document="trusted"}')).toBeGreaterThan(10);
    expect(await count(stack, 'operations_total{document="text"}')).toBe(0);
    const version = process.env["npm_package_version"] ?? "0.1.0";
    const client = `operations_by_client_total{client="tributary-web",version="${version}"}`;
    expect(await count(stack, client)).toBeGreaterThan(10);
  } finally {
    await stack.stop();
  }
});

test("where nothing is registered, the web client sends each text once, for everybody", async () => {
  const stack = await startStack("embedded", { settings: { TRUSTED_DOCUMENTS: "off" } });
  try {
    await using browser = await startBrowser(stack.url);
    const window = await browser.newWindow();
    const first = watch(window);
    await becomeCustomer(window, stack);
    expect(first.texts.length).toBeGreaterThan(5);
    expect(new Set(first.texts).size).toBe(first.texts.length);
    const another = await browser.newWindow();
    const second = watch(another);
    await another.goto("/");
    await another.getByRole("status", { name: "Connection: Live" }).waitFor();
    expect(second.texts.filter((text) => first.texts.includes(text))).toEqual([]);
    expect(second.named.length).toBeGreaterThan(0);
    expect(await count(stack, 'operations_refused_total{code="BAD_REQUEST"}')).toBe(0);
    expect(await count(stack, 'operations_total{document="persisted"}')).toBeGreaterThan(0);
  } finally {
    await stack.stop();
  }
});

test("where no text is kept, the web client goes on with texts alone", async () => {
  const settings = { TRUSTED_DOCUMENTS: "off", PERSISTED_QUERIES: "false" };
  const stack = await startStack("embedded", { settings });
  try {
    await using browser = await startBrowser(stack.url);
    await becomeCustomer(await browser.newWindow(), stack);
    expect(await count(stack, 'operations_total{document="persisted"}')).toBe(0);
  } finally {
    await stack.stop();
  }
});
