// Passkeys as second factors: what an authenticator signed for this site, this account and this moment, and nothing
// else.
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bend, createAuthenticator } from "../../../support/software-authenticator.ts";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Json, type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const ORIGIN = "http://client.test";
const FIVE_MINUTES_MS = 5 * 60_000;
const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const begin = (person: Person, password = person.password) => as(person, "passkeyBegin", { password }, "options");
const enroll = (person: Person, response: unknown, name = "Work laptop") =>
  as(person, "passkeyEnroll", { name, response }, "passkey { id name lastUsedAt } recoveryCodes");
const signIn = ({ email, password }: Pick<Person, "email" | "password">, proof: object = {}) =>
  fixture.mutate(ANONYMOUS, "sessionCreate", { email, password, ...proof }, "session { id } passkeyOptions");
const eventsOf = async (userId: string, pattern: RegExp) =>
  (await fixture.eventsOf(userId)).filter(({ type }) => pattern.test(type));

async function challengeOf(person: Person): Promise<Json> {
  const query = "mutation { passkeyChallenge { options userErrors { code } } }";
  const { data } = await fixture.ask(await fixture.identityOf(person), query);
  return data.passkeyChallenge.options;
}

async function factorOf(person: Person): Promise<Json> {
  const query = "{ viewer { secondFactor { app recoveryCodesLeft passkeys { id name lastUsedAt } } } }";
  return (await fixture.ask(await fixture.identityOf(person), query)).data.viewer.secondFactor;
}

/** Somebody with a passkey. */
async function enrolled() {
  const ada = await fixture.person();
  const authenticator = createAuthenticator(ORIGIN);
  const { options } = await begin(ada);
  const { passkey, recoveryCodes } = await enroll(ada, authenticator.create(options));
  return { ada, authenticator, passkey, recoveryCodes: recoveryCodes as string[] };
}

describe("enrolling", () => {
  test("takes the password; the first factor brings recovery codes, the next one none", async () => {
    const ada = await fixture.person();
    expect(refusalsOf(await begin(ada, "a wrong password"))).toEqual(["INVALID password"]);
    const authenticator = createAuthenticator(ORIGIN);
    const { options } = await begin(ada);
    expect(options).toMatchObject({ rp: { id: "client.test" }, user: { name: ada.email }, excludeCredentials: [] });
    expect((await signIn(ada)).session).not.toBeNull();
    const { passkey, recoveryCodes } = await enroll(ada, authenticator.create(options));
    expect(passkey).toEqual({ id: expect.stringMatching(/^psk_/), name: "Work laptop", lastUsedAt: null });
    expect(recoveryCodes).toHaveLength(10);
    const next = (await begin(ada)).options;
    expect(next.excludeCredentials).toHaveLength(1);
    const second = await enroll(ada, createAuthenticator(ORIGIN).create(next), "Key ring");
    expect(second.recoveryCodes).toBeNull();
    expect(await factorOf(ada)).toEqual({ app: false, recoveryCodesLeft: 10, passkeys: [passkey, second.passkey] });
    expect(await eventsOf(ada.userId, /passkey/)).toMatchObject([
      { type: "user.passkey.added.v1", data: { passkeyId: passkey.id, name: "Work laptop" } },
      { type: "user.passkey.added.v1", data: { passkeyId: second.passkey.id, name: "Key ring" } },
    ]);
    const isTold = async () =>
      (await fixture.mailbox.list(ada.email)).some(({ subject }) => /passkey was added/.test(subject));
    await waitFor(isTold, { what: "the mail to the owner" });
  });

  test.each<[string, Bend]>([
    ["on another site's page", { origin: "http://client.test.evil.example" }],
    ["for another site", { rpId: "evil.example" }],
    ["for another challenge", { challenge: "bm90IHRoZSBjaGFsbGVuZ2Ugb2YgdGhpcyBzaXRl" }],
    ["with nobody there", { present: false }],
  ])("is refused what was made %s", async (_what, bend) => {
    const ada = await fixture.person();
    const answer = createAuthenticator(ORIGIN).create((await begin(ada)).options, bend);
    expect(refusalsOf(await enroll(ada, answer))).toEqual(["INVALID response"]);
    expect(await factorOf(ada)).toBeNull();
  });

  test("is refused twice, too late, for somebody else, and what is no answer at all", async () => {
    const [ada, eve] = [await fixture.person(), await fixture.person()];
    const answer = createAuthenticator(ORIGIN).create((await begin(ada)).options);
    expect(refusalsOf(await enroll(eve, answer))).toEqual(["INVALID response"]);
    expect(refusalsOf(await enroll(ada, answer, ""))).toEqual(["BLANK name"]);
    const both = await Promise.all([enroll(ada, answer), enroll(ada, answer)]);
    expect(both.flatMap(refusalsOf)).toEqual(["INVALID response"]);
    // The key is that of another account, whatever challenge it signs.
    const late = createAuthenticator(ORIGIN).create((await begin(eve)).options);
    fixture.advance(FIVE_MINUTES_MS + 1_000);
    expect(refusalsOf(await enroll(eve, late))).toEqual(["INVALID response"]);
    for (const none of [
      {},
      [],
      "text",
      7,
      { id: "x", response: {} },
      { ...answer, response: { clientDataJSON: "%" } },
    ]) {
      expect(refusalsOf(await enroll(eve, none)), JSON.stringify(none)).toEqual(["INVALID response"]);
    }
  });
});

describe("signing in", () => {
  test("asks whoever knows the password, and takes the answer once", async () => {
    const { ada, authenticator } = await enrolled();
    const wrong = await signIn({ ...ada, password: "a wrong password" });
    expect([refusalsOf(wrong), wrong.passkeyOptions]).toEqual([["INVALID undefined"], null]);
    const asked = await signIn(ada);
    expect([refusalsOf(asked), asked.session]).toEqual([["SECOND_FACTOR_REQUIRED code"], null]);
    const passkey = authenticator.get(asked.passkeyOptions);
    const both = await Promise.all([signIn(ada, { passkey }), signIn(ada, { passkey })]);
    expect(both.filter(({ session }) => session !== null)).toHaveLength(1);
    expect(refusalsOf(await signIn(ada, { passkey }))).toEqual(["INVALID passkey"]);
    const refusals = await eventsOf(ada.userId, /session\.rejected/);
    expect(refusals.map(({ data }) => data.reason)).toEqual(["wrong_password", "wrong_code", "wrong_code"]);
    expect((await factorOf(ada)).passkeys[0].lastUsedAt).not.toBeNull();
  });

  test.each<[string, Bend]>([
    ["on another site's page", { origin: "https://client.test" }],
    ["for another site", { rpId: "evil.example" }],
    ["by a copy of the authenticator, whose counter is behind", { counter: 1 }],
    ["with nobody there", { present: false }],
  ])("refuses what was signed %s", async (_what, bend) => {
    const { ada, authenticator } = await enrolled();
    const passkey = authenticator.get((await signIn(ada)).passkeyOptions, bend);
    expect(refusalsOf(await signIn(ada, { passkey }))).toEqual(["INVALID passkey"]);
  });

  test("refuses another person's passkey, one that is too late, and what is no answer", async () => {
    const { ada, authenticator } = await enrolled();
    const eve = await enrolled();
    const foreign = eve.authenticator.get((await signIn(ada)).passkeyOptions);
    expect(refusalsOf(await signIn(ada, { passkey: foreign }))).toEqual(["INVALID passkey"]);
    const swapped = authenticator.get((await signIn(eve.ada)).passkeyOptions);
    expect(refusalsOf(await signIn(ada, { passkey: swapped }))).toEqual(["INVALID passkey"]);
    for (const none of [{}, "text", [1], { id: foreign.id }]) {
      expect(refusalsOf(await signIn(ada, { passkey: none }))).toEqual(["INVALID passkey"]);
    }
    const late = authenticator.get((await signIn(ada)).passkeyOptions);
    fixture.advance(FIVE_MINUTES_MS + 1_000);
    expect(refusalsOf(await signIn(ada, { passkey: late }))).toEqual(["INVALID passkey"]);
  });

  test("takes a recovery code where the passkey is lost", async () => {
    const { ada, recoveryCodes } = await enrolled();
    const [code = ""] = recoveryCodes;
    expect(refusalsOf(await signIn(ada, { code: "000000" }))).toEqual(["INVALID code"]);
    expect((await signIn(ada, { code })).session).not.toBeNull();
    expect(refusalsOf(await signIn(ada, { code }))).toEqual(["INVALID code"]);
  });

  test("takes either an app's code or a passkey where there are both", async () => {
    const { ada, authenticator, recoveryCodes } = await enrolled();
    const { secret } = await as(ada, "totpEnroll", { password: ada.password }, "secret");
    const app = new TOTP({ secret: Secret.fromBase32(secret) });
    const code = () => app.generate({ timestamp: fixture.clock.now().getTime() });
    expect((await as(ada, "totpConfirm", { code: code() }, "recoveryCodes")).recoveryCodes).toBeNull();
    fixture.advance(30_000);
    expect((await signIn(ada, { code: code() })).session).not.toBeNull();
    const passkey = authenticator.get((await signIn(ada)).passkeyOptions);
    expect((await signIn(ada, { passkey })).session).not.toBeNull();
    fixture.advance(30_000);
    const input = { password: ada.password, code: code() };
    expect((await as(ada, "totpRemove", input, "removed")).removed).toBe(true);
    expect(await factorOf(ada)).toMatchObject({ app: false, recoveryCodesLeft: recoveryCodes.length });
    expect(refusalsOf(await signIn(ada))).toEqual(["SECOND_FACTOR_REQUIRED code"]);
  });
});

describe("removing", () => {
  const remove = (person: Person, id: string, input: object) =>
    as(person, "passkeyRemove", { id, password: person.password, ...input }, "removedId");

  test("takes both factors; with the last one the recovery codes go, and the password is enough", async () => {
    const { ada, authenticator, passkey } = await enrolled();
    const proof = async () => ({ passkey: authenticator.get(await challengeOf(ada)) });
    expect(refusalsOf(await remove(ada, passkey.id, {}))).toEqual(["SECOND_FACTOR_REQUIRED code"]);
    expect(refusalsOf(await remove(ada, passkey.id, { password: "wrong", ...(await proof()) }))).toEqual([
      "INVALID password",
    ]);
    const eve = await enrolled();
    const hers = { passkey: eve.authenticator.get(await challengeOf(eve.ada)) };
    expect(refusalsOf(await remove(eve.ada, passkey.id, hers))).toEqual(["NOT_FOUND id"]);
    expect((await remove(ada, passkey.id, await proof())).removedId).toBe(passkey.id);
    expect(await factorOf(ada)).toBeNull();
    expect((await signIn(ada)).session).not.toBeNull();
    const left = await fixture.admin.query("SELECT 1 FROM recovery_code WHERE user_id = $1", [ada.userId]);
    expect(left.rowCount).toBe(0);
    expect(await eventsOf(ada.userId, /passkey\.removed/)).toHaveLength(1);
  });

  test("an organisation that requires a second factor is content with a passkey, as long as it is there", async () => {
    const { ada, authenticator, passkey } = await enrolled();
    const organizationId = await fixture.organization(ada);
    const require = { id: organizationId, expectedVersion: 1, requireSecondFactor: true };
    expect(refusalsOf(await as(ada, "organizationUpdate", require, "organization { id }"))).toEqual([]);
    const rights = async () => {
      const identity = await fixture.identityOf(ada);
      return "grants" in identity ? (identity.grants.get(organizationId)?.size ?? 0) : 0;
    };
    expect(await rights()).toBeGreaterThan(1);
    await remove(ada, passkey.id, { passkey: authenticator.get(await challengeOf(ada)) });
    expect(await rights()).toBe(1);
  });
});

test("nothing of a passkey is left of a person who was erased", async () => {
  const { ada, authenticator } = await enrolled();
  const input = { id: ada.userId, password: ada.password, passkey: authenticator.get(await challengeOf(ada)) };
  expect((await as(ada, "userErase", input, "erased")).erased).toBe(true);
  for (const table of ["passkey", "passkey_challenge"]) {
    expect((await fixture.admin.query(`SELECT 1 FROM ${table} WHERE user_id = $1`, [ada.userId])).rowCount).toBe(0);
  }
});
