// From the registration to a session: what is told, mailed, stored and emitted.
import { randomUUID } from "node:crypto";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const signIn = (email: string, password: string) =>
  fixture.mutate(ANONYMOUS, "sessionCreate", { email, password }, "session { id } tokens { accessToken }");

test("a person registers, confirms the address from the mail, signs in and creates an organisation [S78]", async () => {
  const ada = await fixture.person();
  const id = await fixture.organization(ada);
  const query = `{ viewer { user { id email status } session { id current } memberships(first: 5) { totalCount edges { node {
    organization { id } roles { name } } } } permissions(organizationId: "${id}") } }`;
  const { data, errors } = await fixture.ask(await fixture.identityOf(ada), query);
  expect(errors).toEqual([]);
  expect(data.viewer.user).toEqual({ id: ada.userId, email: ada.email, status: "ACTIVE" });
  expect(data.viewer.session).toEqual({ id: ada.sessionId, current: true });
  expect(data.viewer.memberships.edges[0].node).toEqual({ organization: { id }, roles: [{ name: "OWNER" }] });
  expect(data.viewer.permissions).toContain("billing.manage");
  const types = (await fixture.eventsOf(ada.userId)).map(({ type }) => type);
  expect(types).toEqual(["user.registered.v1", "user.email_verified.v1", "user.session.created.v1"]);
  await waitFor(
    async () => (await fixture.mailbox.list(ada.email)).some(({ subject }) => subject.startsWith("Welcome")),
    {
      what: "the welcome mail",
    },
  );
});

test("a known and an unknown address register with the same answer, and the owner of the known one is told by mail", async () => {
  const ada = await fixture.person();
  const answerFor = (email: string) =>
    fixture.ask(
      ANONYMOUS,
      "mutation($input: UserRegisterInput!) { userRegister(input: $input) { accepted userErrors { code } } }",
      { input: { email, password: "another password", displayName: "Eve" } },
    );
  const [registered, unknown] = [await answerFor(ada.email), await answerFor(`new-${randomUUID()}@example.com`)];
  // What changed is for the gateway alone, which shows it to nobody.
  const shown = ({ extensions, ...answer }: typeof registered) => ({
    ...answer,
    extensions: { ...extensions, changes: [] },
  });
  expect(shown(registered)).toEqual(shown(unknown));
  await waitFor(
    async () => (await fixture.mailbox.list(ada.email)).some(({ subject }) => subject.includes("already")),
    {
      what: "the mail to the owner",
    },
  );
  expect((await signIn(ada.email, "another password")).userErrors[0].code).toBe("INVALID");
  expect((await signIn(ada.email, ada.password)).session).not.toBeNull();
});

test("two registrations of one address at once leave one user", async () => {
  const email = `twice-${randomUUID()}@example.com`;
  await Promise.all([fixture.register(email), fixture.register(email)]);
  const { rows } = await fixture.admin.query('SELECT count(*)::int AS n FROM "user" WHERE email = $1', [email]);
  expect(rows[0].n).toBe(1);
});

const confirm = (input: object) =>
  fixture.mutate(ANONYMOUS, "emailVerify", input, "user { id displayName status } alreadyVerified");

async function linksOf(email: string, count: number): Promise<string[]> {
  const tokens = async () => {
    const mails = await fixture.mailbox.list(email);
    const found = mails.flatMap(({ text }) => /\/verify\?token=(\S+)/.exec(text)?.[1] ?? []);
    return found.length >= count && found;
  };
  return waitFor(tokens, { what: `${count} links` });
}

test("whoever confirms an address activates what they chose themselves, whichever link they open [AU-05]", async () => {
  const email = `victim-${randomUUID()}@example.com`;
  await fixture.register(email, "the victims own password");
  await fixture.register(email, "somebody elses password");
  const [newest = "", oldest = ""] = await linksOf(email, 2);
  for (const token of [oldest, newest]) {
    const { user, userErrors } = await confirm({ token });
    expect(user).toBeNull();
    expect(userErrors).toMatchObject([{ code: "BLANK", field: ["input", "password"] }]);
  }
  expect((await confirm({ token: newest, password: "a guess that fails" })).userErrors[0]).toMatchObject({
    code: "INVALID",
    field: ["input", "password"],
  });
  expect((await confirm({ token: newest, password: "the victims own password" })).user.status).toBe("ACTIVE");
  expect((await signIn(email, "somebody elses password")).session).toBeNull();
  expect((await signIn(email, "the victims own password")).session).not.toBeNull();
  expect((await fixture.admin.query("SELECT * FROM pending_registration")).rows).not.toContainEqual(
    expect.objectContaining({ display_name: "somebody else" }),
  );
});

test("a registration that comes while its only rival's link is opened is no way around the password", async () => {
  const email = `victim-${randomUUID()}@example.com`;
  await fixture.register(email, "somebody elses password");
  const token = await fixture.tokenFor(email, "/verify");
  // Between the choice and the commit: the row of the second one is there when the transaction looks again.
  await fixture.register(email, "the victims own password");
  expect((await confirm({ token })).userErrors[0].code).toBe("BLANK");
});

test("a link that is opened elsewhere than where the account was opened needs the password", async () => {
  const { email, password } = await fixture.register();
  const token = await fixture.tokenFor(email, "/verify");
  const elsewhere = { ip: "198.51.100.9", userAgent: "test" };
  const opened = await fixture.mutateFrom(elsewhere, "emailVerify", { token }, "user { id }");
  expect(opened.userErrors[0].code).toBe("BLANK");
  const confirmed = await fixture.mutateFrom(elsewhere, "emailVerify", { token, password }, "user { id }");
  expect(confirmed.user).not.toBeNull();
});

test("the mail that asks for a confirmation repeats nothing that was chosen with the registration", async () => {
  const email = `victim-${randomUUID()}@example.com`;
  const input = { email, password: "somebody elses password", displayName: "You won a prize" };
  await fixture.mutate(ANONYMOUS, "userRegister", input, "accepted");
  await linksOf(email, 1);
  for (const { text, html, subject } of await fixture.mailbox.list(email)) {
    expect(`${subject}${text}${html}`).not.toContain("prize");
  }
});

test("common passwords, and the own name or address, are refused with the reason", async () => {
  const register = async (password: string, more: object = {}) => {
    const input = { email: `p-${randomUUID()}@example.com`, password, displayName: "Ada", ...more };
    const { userErrors } = await fixture.mutate(ANONYMOUS, "userRegister", input, "accepted");
    return userErrors.map(({ code, message }: { code: string; message: string }) => `${code} ${message}`);
  };
  expect(await register("Password1234")).toEqual([expect.stringMatching(/^INVALID .*tried first/)]);
  const email = `someone.${randomUUID()}@example.com`;
  expect(await register(email.toUpperCase(), { email })).toEqual([expect.stringMatching(/^INVALID .*name or address/)]);
});

test("passwords that bcrypt would cut are refused at the registration [AU-05]", async () => {
  const codesFor = async (password: string) => {
    const input = { email: `p-${randomUUID()}@example.com`, password, displayName: "Ada" };
    const { accepted, userErrors } = await fixture.mutate(ANONYMOUS, "userRegister", input, "accepted");
    expect(accepted).toBe(false);
    return userErrors.map(({ code }: { code: string }) => code);
  };
  expect(await codesFor("x".repeat(73))).toEqual(["TOO_LONG"]);
  expect(await codesFor("😀".repeat(19))).toEqual(["TOO_LONG"]);
  expect(await codesFor("with a \0 inside it")).toEqual(["INVALID"]);
  expect(await codesFor("short")).toEqual(["INVALID"]);
  const { email, password } = await fixture.register(undefined, "y".repeat(72));
  await fixture.verify(email);
  expect((await signIn(email, `${password}z`)).session).toBeNull();
  expect((await signIn(email, `${password}\0`)).session).toBeNull();
  expect((await signIn(email, password)).session).not.toBeNull();
});

test("a verification link that is opened again says so, and none works after a day [S78]", async () => {
  const { email } = await fixture.register();
  const token = await fixture.tokenFor(email, "/verify");
  const { rows } = await fixture.admin.query("SELECT token_hash FROM email_verification");
  expect(rows.map((row) => row.token_hash)).not.toContain(token);
  expect(await confirm({ token })).toMatchObject({
    alreadyVerified: false,
    userErrors: [],
    user: { status: "ACTIVE" },
  });
  expect(await confirm({ token })).toMatchObject({ alreadyVerified: true, userErrors: [], user: { status: "ACTIVE" } });

  const late = await fixture.register();
  const lateToken = await fixture.tokenFor(late.email, "/verify");
  fixture.advance(24 * 3_600_000 + 1);
  for (const old of [token, lateToken]) expect((await confirm({ token: old })).userErrors[0].code).toBe("EXPIRED");
});

test("who asks to confirm a confirmed address again is told by mail that it is", async () => {
  const ada = await fixture.person();
  fixture.advance(60_000);
  await fixture.mutate(ANONYMOUS, "verificationResend", { email: ada.email }, "accepted");
  const isTold = async () =>
    (await fixture.mailbox.list(ada.email)).some(({ subject }) => subject.includes("is confirmed"));
  await waitFor(isTold, { what: "the mail that says so" });
});

test("a verification mail can be asked for once a minute, with one answer for every address [S78]", async () => {
  const { email } = await fixture.register();
  const resend = (address: string) => fixture.mutate(ANONYMOUS, "verificationResend", { email: address }, "accepted");
  const unknown = await resend("nobody@example.com");
  expect(await resend(email)).toEqual(unknown);
  const requests = async () => {
    const { rows } = await fixture.admin.query(`SELECT o.envelope FROM outbox o JOIN "user" u ON u.id = o.tenant_id
      WHERE u.email = '${email}' AND o.envelope LIKE '%verification_requested%'`);
    return rows.length;
  };
  expect(await requests()).toBe(0);
  fixture.advance(60_000);
  await Promise.all([resend(email), resend(email)]);
  expect(await requests()).toBe(1);
});

test("who has not confirmed the address learns so only with the right password", async () => {
  const { email, password } = await fixture.register();
  expect((await signIn(email, password)).userErrors[0].code).toBe("STATE_INVALID");
  const wrong = await signIn(email, "a wrong password");
  const unknown = await signIn("nobody@example.com", "a wrong password");
  expect(wrong.userErrors).toEqual(unknown.userErrors);
  expect(wrong.userErrors[0].code).toBe("INVALID");
});

test("a failed sign-in of a known account is an event", async () => {
  const ada = await fixture.person();
  await signIn(ada.email, "a wrong password");
  const rejected = (await fixture.eventsOf(ada.userId)).find(({ type }) => type === "user.session.rejected.v1");
  expect(rejected?.data).toEqual({ userId: ada.userId, reason: "wrong_password" });
});

test("an access token is an EdDSA JWT for the audience, verifiable with the public keys", async () => {
  const ada = await fixture.person();
  const keys = await fixture.subgraph.tokenService.keys();
  expect(JSON.stringify(keys)).not.toContain('"d"');
  const keySet = createLocalJWKSet(JSON.parse(JSON.stringify(keys)));
  const { payload, protectedHeader } = await jwtVerify(ada.accessToken, keySet, {
    algorithms: ["EdDSA"],
    issuer: "https://issuer.test",
    audience: "test",
    typ: "at+jwt",
    currentDate: fixture.clock.now(),
  });
  expect(payload).toMatchObject({ sub: ada.userId, sid: ada.sessionId });
  expect(payload.jti).toBeDefined();
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
  expect(protectedHeader.kid).toBe(keys.keys[0]?.["kid"]);
});

test("a registration is stored once per idempotency key, and the key's record holds no password", async () => {
  const input = {
    email: `idem-${randomUUID()}@example.com`,
    password: "correct horse battery",
    displayName: "Ada",
    idempotencyKey: randomUUID(),
  };
  for (const _ of [1, 2]) {
    expect((await fixture.mutate(ANONYMOUS, "userRegister", input, "accepted")).accepted).toBe(true);
  }
  const { rows } = await fixture.admin.query(
    `SELECT count(*)::int AS n FROM outbox o JOIN "user" u ON u.id = o.tenant_id
     WHERE u.email = $1 AND o.envelope LIKE '%user.registered%'`,
    [input.email],
  );
  expect(rows[0].n).toBe(1);
});
