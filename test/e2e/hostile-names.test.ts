// Names that are markup: our rules refuse them, and a row that has one all the same is shown as text. Nothing of it
// runs, and no policy of the browser has to stop it.
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, startBrowser } from "../support/browser.ts";
import { roleIds } from "../support/client/invitee.ts";
import { type Account, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const PERSON = `"><script>window.ran = 1</script><img src=x onerror="window.ran = 1">`;
const ORGANIZATION = `<img src=x onerror="window.ran = 1"><script>window.ran = 1</script> </title>`;
/** Shows backwards where it is not taken out. */
const OVERRIDDEN = "Ada\u202E ecalevoL\u202C\u2066!\u2069";

let stack: Stack;
let browser: Browser;
let owner: Member;
let account: Account;

beforeAll(async () => {
  stack = await startStack("embedded");
  await storeInstead("user", "display_name", "Person to be spoilt", PERSON);
  await storeInstead("organization", "name", "Organisation to be spoilt", ORGANIZATION);
  owner = await newMember(stack, "Person to be spoilt");
  account = await newOrganization(owner, "Organisation to be spoilt");
  browser = await startBrowser(stack.url);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.stop();
});

/** As if a rule had not been there when the row was written: the database puts `spoilt` in the place of a name. */
async function storeInstead(table: string, column: string, name: string, spoilt: string): Promise<void> {
  const client = new Client({ connectionString: stack.databaseOf("user") });
  await client.connect();
  try {
    await client.query(`
      CREATE OR REPLACE FUNCTION spoil_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.${column} := ${client.escapeLiteral(spoilt)}; RETURN NEW; END $$`);
    await client.query(`
      CREATE OR REPLACE TRIGGER spoil_${table} BEFORE INSERT OR UPDATE ON "${table}" FOR EACH ROW
      WHEN (NEW.${column} = ${client.escapeLiteral(name)}) EXECUTE FUNCTION spoil_${table}()`);
  } finally {
    await client.end();
  }
}

/** What scripts of the page have set; also after pictures failed to load. */
async function ran(page: Page): Promise<unknown> {
  await page.waitForLoadState("networkidle").catch(() => undefined);
  return page.evaluate(() => Reflect.get(window, "ran"));
}

test("markup is refused as a name [S21]", async () => {
  const query = `mutation($i: OrganizationCreateInput!) { organizationCreate(input: $i) { organization { id } userErrors { code field } } }`;
  for (const name of [ORGANIZATION, PERSON, "=cmd|'/C calc'!A0"]) {
    const { data } = await owner.client.send(query, { i: { name, idempotencyKey: randomUUID() } });
    expect(data).toEqual({
      organizationCreate: { organization: null, userErrors: [{ code: "INVALID", field: ["input", "name"] }] },
    });
  }
});

test("a stored name that is markup is shown as text in the web client, and nothing of it runs [S21]", async () => {
  const page = await browser.newWindow();
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("option", { name: ORGANIZATION }).first().waitFor({ state: "attached" });
  expect(await ran(page)).toBeUndefined();
  // The first window follows the organisation meanwhile.
  const connections = await browser.newWindow();
  await connections.goto("/");
  await connections.getByRole("link", { name: "Connections" }).click();
  await connections.getByRole("table").getByText(ORGANIZATION).first().waitFor();
  expect(await ran(connections)).toBeUndefined();
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByText(PERSON).first().waitFor();
  expect(await ran(page)).toBeUndefined();
  expect(await page.title()).not.toContain("<title>");
  expect(browser.complaints).toEqual([]);
});

test("a stored name that is markup is shown as text in mails, and nothing of it runs [S21]", async () => {
  const guest = `guest.${randomUUID()}@example.com`;
  const [roleId] = await roleIds(owner, account, "MEMBER");
  const invitation = { organizationId: account.organizationId, email: guest, roleIds: [roleId] };
  await owner.client.mutate("invitationCreate", invitation, "invitation { id }");
  const page = await browser.newWindow();
  await waitFor(async () => (await mailsTo(guest)).length > 0, { what: "the invitation" });
  // The confirmation holds no name, the welcome behind it does.
  await waitFor(async () => (await mailsTo(owner.email)).length > 1, { what: "the welcome" });
  for (const [address, name] of [
    [owner.email, PERSON],
    [guest, PERSON],
    [guest, ORGANIZATION],
  ] as const) {
    await page.goto(`${stack.mailbox}?to=${encodeURIComponent(address)}`);
    const subject = name === ORGANIZATION ? `Invitation to ${inMails(ORGANIZATION)}` : undefined;
    if (subject !== undefined) await page.getByRole("link", { name: subject }).waitFor();
    const shown = [];
    for (const { id } of await mailsTo(address)) {
      await page.goto(`${stack.mailbox}/messages/${id}`);
      const content = page.frameLocator("iframe").locator("body");
      await content.waitFor();
      shown.push(await content.innerText());
      expect(await ran(page)).toBeUndefined();
    }
    expect(shown.join("\n")).toContain(inMails(name));
  }
  expect(browser.complaints).toEqual([]);
});

/** As a mail writes it: what could become a link of a mail program is broken by a space. */
function inMails(name: string): string {
  return name.replaceAll("window.ran", "window. ran");
}

async function mailsTo(address: string): Promise<readonly { readonly id: string }[]> {
  const list = await fetch(`${stack.mailbox}/messages?to=${encodeURIComponent(address)}`);
  return list.json();
}

test("a name with bidirectional controls is stored and shown without them [S21]", async () => {
  const { organization } = await owner.client.mutate<{ organization: { name: string } }>(
    "organizationCreate",
    { name: OVERRIDDEN, idempotencyKey: randomUUID() },
    "organization { name }",
  );
  expect(organization.name).toBe("Ada ecalevoL!");
  const page = await browser.newWindow();
  await page.goto("/");
  await page.getByText("Ada ecalevoL!").first().waitFor({ state: "attached" });
});
