// How people get into their accounts: by the links of mails, and by a second factor.
import { randomUUID } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, photograph, startBrowser } from "../support/browser.ts";
import { roleIds } from "../support/client/invitee.ts";
import { tokenFromMail } from "../support/client/mailbox-client.ts";
import { newMember, newOrganization, register } from "../support/client/new-member.ts";
import { type DnsServer, startDnsServer } from "../support/services/dns-server.ts";
import { startIdentityProvider } from "../support/services/identity-provider.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

const NEXT = "a much better password";
let stack: Stack;
let dns: DnsServer;
let browser: Browser;
let window: Page;

beforeAll(async () => {
  dns = await startDnsServer();
  stack = await startStack("embedded", {
    settings: { PRIVATE_IDENTITY_PROVIDERS: "true", DNS_SERVERS: dns.address },
  });
  browser = await startBrowser(stack.url);
  window = await browser.newWindow();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.stop();
  await dns?.stop();
});

async function signIn(email: string, password: string): Promise<void> {
  await window.getByLabel("E-mail").fill(email);
  await window.getByLabel("Password").fill(password);
  await window.getByRole("button", { name: "Sign in" }).click();
}

/** All windows share the session. */
async function signOut(): Promise<void> {
  await window.goto("/");
  await window.getByRole("button", { name: "Sign out" }).click();
}

test("a browser's language is that of its mails, and a mail's link ends those that one may do without", async () => {
  const german = await browser.newWindow();
  await german.addInitScript(() => Object.defineProperty(navigator, "language", { value: "de-AT" }));
  const email = `p-${randomUUID()}@example.com`;
  await german.goto("/sign-up");
  await german.getByLabel("Display name").fill("Ada Lovelace");
  await german.getByLabel("E-mail").fill(email);
  await german.getByLabel("Password").fill("correct horse battery");
  await german.getByRole("button", { name: "Create account" }).click();
  await german.goto(`/verify?token=${await tokenFromMail(stack.mailbox, email, "/verify")}`);
  await german.getByRole("button", { name: "Confirm e-mail" }).click();
  await german.getByText("Your address is confirmed").waitFor();
  const token = await tokenFromMail(stack.mailbox, email, "/unsubscribe");
  // Some mail programs open the address that others call.
  await german.goto(`/webhooks/user/unsubscribe?token=${token}`);
  await german.getByRole("button", { name: "Unsubscribe" }).waitFor();
  await photograph(german, "unsubscribe-1");
  await german.goto(`/unsubscribe?token=${token}`);
  await german.getByRole("button", { name: "Unsubscribe" }).click();
  await german.getByText("You get no more mails with help").waitFor();
  await german.goto(`/mailbox?to=${email}`);
  await german.getByRole("link", { name: "Willkommen bei Tributary" }).click();
  await german.frameLocator("iframe").getByText("Guten Tag Ada Lovelace,").waitFor();
  await photograph(german, "unsubscribe-2-mail");
  await german.close();
});

test("a link of an address that was registered twice asks for the password, and takes the right one alone", async () => {
  const person = await register(stack, "Eve Elsewhere");
  await register(stack, "Eve Again", person.email);
  const token = await tokenFromMail(stack.mailbox, person.email, "/verify");
  await window.goto(`/verify?token=${token}`);
  await window.getByRole("button", { name: "Confirm e-mail" }).click();
  await window.getByText("Enter the password that you chose").waitFor();
  await photograph(window, "forgotten-3-whose-registration");
  await window.getByLabel("Password").fill("somebody elses guess");
  await window.getByRole("button", { name: "Confirm e-mail" }).click();
  await window.getByText("This is not the password").waitFor();
  await window.getByLabel("Password").fill(person.password);
  await window.getByRole("button", { name: "Confirm e-mail" }).click();
  await window.getByText("Your address is confirmed").waitFor();
  await window.goto(`/verify?token=${token}`);
  await window.getByRole("button", { name: "Confirm e-mail" }).click();
  await window.getByText("was confirmed before").waitFor();
});

test("a forgotten password is replaced by the link of a mail, from the sign-in page on [AU-07]", async () => {
  const member = await newMember(stack, "Ada Forgetful");
  await window.goto("/sign-in");
  await window.getByRole("link", { name: "Forgot your password?" }).click();
  await window.getByLabel("E-mail").fill(member.email);
  await photograph(window, "forgotten-1-request");
  await window.getByRole("button", { name: "Send the link" }).click();
  await window.getByRole("heading", { name: "Check your mail" }).waitFor();

  const token = await tokenFromMail(stack.mailbox, member.email, "/reset-password");
  await window.goto(`/reset-password?token=${token}`);
  await window.getByLabel("New password").fill("password123456");
  await window.getByRole("button", { name: "Set the password" }).click();
  await window.getByText("tried first").waitFor();
  await photograph(window, "forgotten-2-refused");
  await window.getByLabel("New password").fill(NEXT);
  await window.getByRole("button", { name: "Set the password" }).click();
  await window.getByText("Your password is changed").waitFor();
  await signIn(member.email, NEXT);
  await window.getByLabel("Organisation name").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("an account moves to another address by a link to each of both", async () => {
  const member = await newMember(stack, "Ada Moving");
  const email = `moved-${randomUUID()}@example.com`;
  const input = { email, password: member.password };
  expect(await member.client.mutate("emailChangeRequest", input, "accepted")).toMatchObject({ accepted: true });
  const path = "/confirm-email-change";
  await window.goto(`${path}?token=${await tokenFromMail(stack.mailbox, member.email, path)}`);
  await photograph(window, "address-1-agree");
  await window.getByRole("button", { name: "Agree" }).click();
  await window.getByText("one more link is on its way").waitFor();
  await photograph(window, "address-2-next");
  await window.goto(`${path}?token=${await tokenFromMail(stack.mailbox, email, path)}`);
  await window.getByRole("button", { name: "Agree" }).click();
  await window.getByText("Your account has the new address").waitFor();
  await window.goto(`${path}?token=made-up`);
  await window.getByRole("button", { name: "Agree" }).click();
  await window.getByText("This link is no longer valid").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("signing in asks for the code of a second factor, and says when it is wrong", async () => {
  const member = await newMember(stack, "Ada Careful");
  const enrolled = await member.client.mutate<{ secret: string }>(
    "totpEnroll",
    { password: member.password },
    "secret",
  );
  const app = new TOTP({ secret: Secret.fromBase32(enrolled.secret) });
  const { recoveryCodes } = await member.client.mutate<{ recoveryCodes: string[] }>(
    "totpConfirm",
    { code: app.generate() },
    "recoveryCodes",
  );
  await signOut();
  const fresh = await browser.newWindow();
  await fresh.goto("/sign-in");
  await fresh.getByLabel("E-mail").fill(member.email);
  await fresh.getByLabel("Password").fill(member.password);
  await fresh.getByRole("button", { name: "Sign in" }).click();
  await fresh.getByLabel("Code").fill("000000");
  await photograph(fresh, "second-factor-1-code");
  await fresh.getByRole("button", { name: "Sign in" }).click();
  await fresh.getByText("This code is wrong").waitFor();
  // The code that confirmed the app is used, and a recovery code works at any time.
  await fresh.getByLabel("Code").fill(recoveryCodes[0] ?? "");
  await fresh.getByRole("button", { name: "Sign in" }).click();
  await fresh.getByLabel("Organisation name").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("somebody who is invited makes an account on the way, without another mail", async () => {
  const owner = await newMember(stack, "Olga Owner");
  const account = await newOrganization(owner, "Inviting Works");
  const email = `invited-${randomUUID()}@example.com`;
  const roles = await roleIds(owner, account, "MEMBER");
  await owner.client.mutate(
    "invitationCreate",
    { organizationId: account.organizationId, email, roleIds: roles },
    "invitation { id }",
  );
  await signOut();
  const fresh = await browser.newWindow();
  await fresh.goto(`/invite?token=${await tokenFromMail(stack.mailbox, email, "/invite")}`);
  await fresh.getByRole("link", { name: "Sign in to accept" }).waitFor();
  await fresh.getByLabel("Display name").fill("Nina New");
  await fresh.getByLabel("Password").fill(NEXT);
  await photograph(fresh, "invited-1-new-user");
  await fresh.getByRole("button", { name: "Create account and join" }).click();
  await fresh.waitForURL(`**/o/${account.organizationId}`);
  await fresh.locator("option", { hasText: "Inviting Works" }).waitFor({ state: "attached" });
  expect(browser.complaints).toEqual([]);
});

test("a passkey completes a sign-in", async () => {
  const member = await newMember(stack, "Ada Careful");
  const { options } = await member.client.mutate<{ options: object }>(
    "passkeyBegin",
    { password: member.password },
    "options",
  );
  const fresh = await browser.newWindow();
  const devtools = await fresh.context().newCDPSession(fresh);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      ...{ protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  // Browsers make no passkey for an IP address.
  await fresh.goto(`${stack.url.replace("127.0.0.1", "localhost")}/sign-in`);
  const response = await fresh.evaluate(`(async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(options)});
    return (await navigator.credentials.create({ publicKey })).toJSON();
  })()`);
  const enrolled = { name: "This laptop", response };
  await member.client.mutate("passkeyEnroll", enrolled, "passkey { id }");
  await fresh.getByLabel("E-mail").fill(member.email);
  await fresh.getByLabel("Password").fill(member.password);
  await fresh.getByRole("button", { name: "Sign in" }).click();
  await fresh.getByText("Leave it empty to use your passkey").waitFor();
  await photograph(fresh, "passkey-1-asked");
  await fresh.getByRole("button", { name: "Sign in" }).click();
  await fresh.getByLabel("Organisation name").waitFor();
  expect(browser.complaints).toEqual([]);
});

test("people of an organisation with a sign-in of its own come in by that", async () => {
  const owner = await newMember(stack, "Olga Owner");
  const { organizationId } = await newOrganization(owner, "Own Works");
  const domain = `d${randomUUID().slice(0, 8)}.example`;
  const { domain: named } = await owner.client.mutate<{ domain: Record<"id" | "recordName" | "recordValue", string> }>(
    "domainAdd",
    { organizationId, domain },
    "domain { id recordName recordValue }",
  );
  dns.records.set(named.recordName, [named.recordValue]);
  await owner.client.mutate("domainVerify", { id: named.id }, "domain { status }");
  // Where mails and providers lead to: what `npm start` prints.
  const home = stack.url.replace("127.0.0.1", "localhost");
  const provider = await startIdentityProvider({ redirectUri: `${home}/sign-in/provider` });
  try {
    const { issuer, clientId, clientSecret } = provider;
    const known = { organizationId, issuer, clientId, clientSecret };
    await owner.client.mutate("identityProviderSet", known, "identityProvider { issuer }");
    provider.people.set("nina", { email: `nina@${domain}`, name: "Nina New" });
    provider.signsInAs = "nina";
    const fresh = await browser.newWindow();
    await fresh.goto(`${home}/`);
    await fresh.getByRole("button", { name: "Sign out" }).click();
    await fresh.goto(`${home}/sign-in/provider?state=made-up&code=1`);
    await fresh.getByText("This sign-in is over").waitFor();
    await fresh.goto(`${home}/sign-in`);
    await fresh.getByRole("link", { name: "Use your organisation's sign-in" }).click();
    await fresh.getByLabel("E-mail").fill("nina@nowhere.example");
    await fresh.getByRole("button", { name: "Go on" }).click();
    await fresh.getByText("No organisation has a sign-in of its own").waitFor();
    await photograph(fresh, "own-sign-in-1-unknown");
    await fresh.getByLabel("E-mail").fill(`nina@${domain}`);
    await fresh.getByRole("button", { name: "Go on" }).click();
    await fresh.locator("option", { hasText: "Own Works" }).waitFor({ state: "attached" });
    await photograph(fresh, "own-sign-in-2-inside");
    expect(browser.complaints).toEqual([]);
  } finally {
    await provider.stop();
  }
});
