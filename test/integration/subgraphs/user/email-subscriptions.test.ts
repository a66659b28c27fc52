// Mails in the reader's language, and mails that their reader may do without.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTextSeal } from "../../../../platform/auth/text-seal.ts";
import type { MailboxMessage } from "../../../../platform/mail/mailbox-server.ts";
import { unsubscribeToken } from "../../../../subgraphs/user/credentials/unsubscribe-token.ts";
import { UserId } from "../../../../subgraphs/user/domain/ids.ts";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

const TOPIC = "GETTING_STARTED";
const PASSWORD = "correct horse battery";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

function mailTo(email: string, subject: string | RegExp): Promise<MailboxMessage> {
  return waitFor(
    async () => {
      const mails = await fixture.mailbox.list(email);
      return mails.find((mail) =>
        typeof subject === "string" ? mail.subject === subject : subject.test(mail.subject),
      );
    },
    { what: `the mail ${subject} to ${email}` },
  );
}

async function registerIn(locale: string | undefined, email = `p-${randomUUID()}@example.com`) {
  const input = { email, password: PASSWORD, displayName: "Ada", locale };
  expect(refusalsOf(await fixture.mutate(ANONYMOUS, "userRegister", input, "accepted"))).toEqual([]);
  return email;
}

const confirm = async (email: string, password = PASSWORD) => {
  const token = await fixture.tokenFor(email, "/verify");
  return fixture.mutate(ANONYMOUS, "emailVerify", { token, password }, "user { id }");
};

async function subscriptionsOf(person: Person) {
  const query = "{ viewer { emailSubscriptions { topic subscribed } } }";
  const { data } = await fixture.ask(await fixture.identityOf(person), query);
  return data.viewer.emailSubscriptions;
}

const changesOf = async (userId: string) =>
  (await fixture.eventsOf(userId)).filter(({ type }) => type === "user.email_subscription_changed.v1");

const set = (person: Person, subscribed: boolean) =>
  fixture.mutateAs(person, "emailSubscriptionSet", { topic: TOPIC, subscribed }, "subscription { topic subscribed }");

/** The state of the newest mail of a template to somebody. */
async function stateOf(tenantId: string, template: string): Promise<string | undefined> {
  const { rows } = await fixture.admin.query(
    "SELECT state FROM email_delivery WHERE tenant_id = $1 AND template = $2 ORDER BY event_id DESC LIMIT 1",
    [tenantId, template],
  );
  return rows[0]?.state;
}

describe("the language of mails [S78]", () => {
  test("is the one that somebody registers with, and their account keeps it", async () => {
    const email = await registerIn("de-at");
    const verification = await mailTo(email, "Bestätigen Sie Ihre E-Mail-Adresse");
    expect(verification.html).toContain('<html lang="de">');
    expect(verification.headers?.["content-language"]).toBe("de");
    await confirm(email);
    await mailTo(email, "Willkommen bei Tributary");
    const person = await fixture.signIn({ email, password: PASSWORD });
    const { data } = await fixture.ask(await fixture.identityOf(person), "{ viewer { user { locale } } }");
    expect(data.viewer.user.locale).toBe("de-AT");
  });

  test("is the installation's for whoever chose none, or one that there are no words in", async () => {
    for (const locale of [undefined, "pt-BR"]) {
      const { headers } = await mailTo(await registerIn(locale), "Confirm your e-mail address");
      expect(headers?.["content-language"]).toBe("en");
    }
  });

  test("is that of the registration which is confirmed", async () => {
    const email = await registerIn("fr");
    await mailTo(email, "Confirmez votre adresse e-mail");
    const again = { email, password: "another good password", displayName: "Eve", locale: "de" };
    await fixture.mutate(ANONYMOUS, "userRegister", again, "accepted");
    await confirm(email);
    await mailTo(email, "Bienvenue sur Tributary");
  });

  test("is refused where it is none", async () => {
    const input = { email: `p-${randomUUID()}@example.com`, password: PASSWORD, displayName: "Ada", locale: "no such" };
    expect(refusalsOf(await fixture.mutate(ANONYMOUS, "userRegister", input, "accepted"))).toEqual(["INVALID locale"]);
  });

  test("is the inviter's for somebody who has no account, and one's own for who has", async () => {
    const email = await registerIn("fr");
    await confirm(email);
    const owner = await fixture.signIn({ email, password: PASSWORD });
    const organizationId = await fixture.organization(owner);
    const german = await registerIn("de");
    await confirm(german);
    const roleIds = [(await fixture.roles(owner, organizationId)).MEMBER];
    const invite = (guest: string) =>
      fixture.mutateAs(owner, "invitationCreate", { organizationId, email: guest, roleIds }, "invitation { id }");
    const stranger = `p-${randomUUID()}@example.com`;
    await invite(stranger);
    await invite(german);
    await mailTo(stranger, "Invitation à rejoindre Test Works");
    await mailTo(german, "Einladung zu Test Works");
    // Who joins with an account made on the way keeps the language of that.
    const token = await fixture.tokenFor(stranger, "/invite");
    const input = { token, password: PASSWORD, displayName: "Grace", locale: "en-GB" };
    expect(refusalsOf(await fixture.mutate(ANONYMOUS, "invitationRegister", input, "email"))).toEqual([]);
    const { rows } = await fixture.admin.query('SELECT locale FROM "user" WHERE email = $1', [stranger]);
    expect(rows).toEqual([{ locale: "en-GB" }]);
  });
});

describe("mails that their reader may do without", () => {
  test("come until the reader says otherwise, and again when they say so", async () => {
    const ada = await fixture.person();
    await mailTo(ada.email, "Welcome to Tributary");
    expect(await subscriptionsOf(ada)).toEqual([{ topic: TOPIC, subscribed: true }]);
    expect(await set(ada, false)).toMatchObject({ subscription: { topic: TOPIC, subscribed: false }, userErrors: [] });
    await set(ada, false);
    expect(await subscriptionsOf(ada)).toEqual([{ topic: TOPIC, subscribed: false }]);
    const [change, ...others] = await changesOf(ada.userId);
    expect(others).toEqual([]);
    expect(change).toMatchObject({
      actorkind: "USER",
      data: { userId: ada.userId, topic: TOPIC, subscribed: false },
    });

    const quiet = await fixture.organization(ada);
    await fixture.accountOpened(quiet);
    await waitFor(async () => (await stateOf(quiet, "organization_welcome")) === "CANCELLED", { what: "no mail" });
    const timeline = await fixture.mailEventsOf(quiet);
    expect(timeline.map(({ type }) => type)).toEqual(["user.email.requested.v1", "user.email.cancelled.v1"]);

    await set(ada, true);
    const loud = await fixture.organization(ada);
    await fixture.accountOpened(loud);
    await waitFor(async () => (await stateOf(loud, "organization_welcome")) === "SENT", { what: "the mail" });
  });

  test("have a link and the headers of one click; mails that an account needs have neither", async () => {
    const ada = await fixture.person();
    const welcome = await mailTo(ada.email, "Welcome to Tributary");
    expect(welcome.headers).toMatchObject({
      "list-unsubscribe": expect.stringMatching(
        /^<http:\/\/client\.test\/webhooks\/user\/unsubscribe\?token=tru_\S+>$/,
      ),
      "list-unsubscribe-post": "List-Unsubscribe=One-Click",
    });
    expect(welcome.text).toMatch(/Stop mails of this kind: http:\/\/client\.test\/unsubscribe\?token=tru_/);
    expect(welcome.html).toContain(">Stop mails of this kind</a>");
    const verification = await mailTo(ada.email, "Confirm your e-mail address");
    expect(verification.headers).not.toHaveProperty("list-unsubscribe");
    expect(`${verification.text}${verification.html}`).not.toContain("unsubscribe");
  });

  test("end by the link of one of them, without signing in, and however often it is opened", async () => {
    const ada = await fixture.person();
    await mailTo(ada.email, "Welcome to Tributary");
    const token = await fixture.tokenFor(ada.email, "/unsubscribe");
    for (const _ of [1, 2]) {
      const payload = await fixture.mutate(ANONYMOUS, "emailUnsubscribe", { token }, "topic");
      expect(payload).toMatchObject({ topic: TOPIC, userErrors: [] });
    }
    expect(await subscriptionsOf(ada)).toEqual([{ topic: TOPIC, subscribed: false }]);
    expect(await changesOf(ada.userId)).toHaveLength(1);
  });

  test("end by one click of a mail program", async () => {
    const ada = await fixture.person();
    const { headers } = await mailTo(ada.email, "Welcome to Tributary");
    const { search } = new URL(headers?.["list-unsubscribe"]?.slice(1, -1) ?? "");
    const webhook = fixture.subgraph.webhooks?.find(({ name }) => name === "unsubscribe");
    const body = Buffer.from("List-Unsubscribe=One-Click");
    await webhook?.receive({ headers: {}, query: new URLSearchParams(search), body });
    expect(await subscriptionsOf(ada)).toEqual([{ topic: TOPIC, subscribed: false }]);
    const [change] = await changesOf(ada.userId);
    expect(change).toMatchObject({ actorkind: "SERVICE", actorid: "mail-program" });
    const wrong = webhook?.receive({ headers: {}, query: new URLSearchParams("token=tru_x"), body });
    await expect(wrong).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("do not end by a link that is changed, of another installation, or of an account that is gone", async () => {
    const ada = await fixture.person();
    await mailTo(ada.email, "Welcome to Tributary");
    const token = await fixture.tokenFor(ada.email, "/unsubscribe");
    const seal = createTextSeal("unsubscribe links", ["another installation's secret, long enough to be one"]);
    const foreign = unsubscribeToken(seal, { userId: ada.userId, topic: TOPIC });
    const changed = `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
    for (const wrong of ["", "tru_", "x", changed, foreign, `${token}x`.repeat(40)]) {
      const payload = await fixture.mutate(ANONYMOUS, "emailUnsubscribe", { token: wrong }, "topic");
      expect(refusalsOf(payload), wrong).toEqual(["EXPIRED token"]);
    }
    expect(await subscriptionsOf(ada)).toEqual([{ topic: TOPIC, subscribed: true }]);
    await fixture.admin.query(`UPDATE "user" SET status = 'SUSPENDED' WHERE id = $1`, [ada.userId]);
    const payload = await fixture.mutate(ANONYMOUS, "emailUnsubscribe", { token }, "topic");
    expect(refusalsOf(payload)).toEqual(["EXPIRED token"]);
  });

  test("are one's own to end, and nobody's who is not signed in", async () => {
    const query = `mutation { emailSubscriptionSet(input: { topic: ${TOPIC}, subscribed: false }) { userErrors { code } } }`;
    const { errors } = await fixture.ask(ANONYMOUS, query);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
  });

  test("stand in what somebody takes along, and go when they are erased", async () => {
    const ada = await fixture.person();
    await set(ada, false);
    const { data } = await fixture.ask(await fixture.identityOf(ada), "{ viewer { dataExport } }");
    expect(data.viewer.dataExport.emailSubscriptions).toEqual([{ topic: TOPIC, subscribed: false }]);
    const input = { id: UserId.require(ada.userId), password: ada.password };
    expect(refusalsOf(await fixture.mutateAs(ada, "userErase", input, "erased"))).toEqual([]);
    const { rows } = await fixture.admin.query("SELECT FROM unsubscribed_topic WHERE user_id = $1", [ada.userId]);
    expect(rows).toEqual([]);
  });
});
