// An authenticator app as a second factor, and the codes for the day on which it is lost.
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const STEP_MS = 30_000;
const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const signIn = ({ email, password }: Person, code?: string) =>
  fixture.mutate(
    ANONYMOUS,
    "sessionCreate",
    { email, password, ...(code === undefined ? {} : { code }) },
    "session { id } tokens { accessToken }",
  );
const codesOf = async (userId: string) => (await fixture.eventsOf(userId)).map(({ type }) => type);

/** What the app of a person shows. */
function appOf(secret: string): () => string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return () => totp.generate({ timestamp: fixture.clock.now().getTime() });
}

async function enrolled() {
  const ada = await fixture.person();
  const { secret } = await as(ada, "totpEnroll", { password: ada.password }, "secret uri");
  const code = appOf(secret);
  const { recoveryCodes } = await as(ada, "totpConfirm", { code: code() }, "recoveryCodes");
  // The code that confirmed it is used.
  fixture.advance(STEP_MS);
  return { ada, secret, code, recoveryCodes: recoveryCodes as string[] };
}

test("an app counts once it was shown to work; its secret is shown once, and stored sealed", async () => {
  const ada = await fixture.person();
  expect((await as(ada, "totpEnroll", { password: "a wrong password" }, "secret")).userErrors).toMatchObject([
    { code: "INVALID", field: ["input", "password"] },
  ]);
  const { secret, uri } = await as(ada, "totpEnroll", { password: ada.password }, "secret uri");
  expect(new URL(uri).searchParams.get("secret")).toBe(secret);
  expect((await signIn(ada)).session).not.toBeNull();
  expect((await as(ada, "totpConfirm", { code: "000000" }, "recoveryCodes")).userErrors[0].code).toBe("INVALID");
  const confirmed = await as(ada, "totpConfirm", { code: appOf(secret)() }, "recoveryCodes");
  expect(confirmed.recoveryCodes).toHaveLength(10);
  expect((await as(ada, "totpConfirm", { code: appOf(secret)() }, "recoveryCodes")).userErrors[0].code).toBe(
    "STATE_INVALID",
  );
  expect((await as(ada, "totpEnroll", { password: ada.password }, "secret")).userErrors[0].code).toBe("STATE_INVALID");
  const kept = [secret, ...confirmed.recoveryCodes];
  for (const table of ["second_factor", "recovery_code", "outbox"]) {
    const stored = JSON.stringify((await fixture.admin.query(`SELECT * FROM ${table}`)).rows);
    expect(kept.filter((each) => stored.includes(each))).toEqual([]);
  }
  const query = "{ viewer { secondFactor { recoveryCodesLeft } } }";
  expect((await fixture.ask(await fixture.identityOf(ada), query)).data.viewer.secondFactor).toEqual({
    recoveryCodesLeft: 10,
  });
  const isTold = async () =>
    (await fixture.mailbox.list(ada.email)).some(({ subject }) => /takes a second factor/.test(subject));
  await waitFor(isTold, { what: "the mail to the owner" });
});

test("signing in takes the code, once; only whoever knows the password is asked for it", async () => {
  const { ada, code } = await enrolled();
  expect((await signIn({ ...ada, password: "a wrong password" }, code())).userErrors).toMatchObject([
    { code: "INVALID", field: null },
  ]);
  expect((await signIn(ada)).userErrors).toMatchObject([
    { code: "SECOND_FACTOR_REQUIRED", field: ["input", "code"], status: 401 },
  ]);
  expect((await signIn(ada, "000000")).userErrors).toMatchObject([{ code: "INVALID", field: ["input", "code"] }]);
  const once = code();
  const answers = await Promise.all([signIn(ada, once), signIn(ada, once)]);
  expect(answers.filter(({ session }) => session !== null)).toHaveLength(1);
  expect((await signIn(ada, once)).session).toBeNull();
  const refusals = (await fixture.eventsOf(ada.userId)).filter(({ type }) => type === "user.session.rejected.v1");
  expect(refusals.map(({ data }) => data.reason)).toEqual(["wrong_password", "wrong_code", "wrong_code", "wrong_code"]);
});

test("a recovery code takes the app's place, once, and new ones end the former", async () => {
  const { ada, code, recoveryCodes } = await enrolled();
  const [first = "", second = ""] = recoveryCodes;
  expect((await signIn(ada, first.toUpperCase())).session).not.toBeNull();
  expect((await signIn(ada, first)).userErrors[0].code).toBe("INVALID");
  expect((await fixture.eventsOf(ada.userId)).find(({ type }) => type === "user.recovery_code_used.v1")?.data).toEqual({
    userId: ada.userId,
    left: 9,
  });
  const renewed = await as(ada, "recoveryCodesRenew", { password: ada.password, code: code() }, "recoveryCodes");
  expect(renewed.recoveryCodes).toHaveLength(10);
  expect((await signIn(ada, second)).session).toBeNull();
  expect((await signIn(ada, renewed.recoveryCodes[0])).session).not.toBeNull();
});

test("the app is taken away by whoever has both factors, and not otherwise", async () => {
  const { ada, code } = await enrolled();
  const remove = (input: object) => as(ada, "totpRemove", { password: ada.password, code: "", ...input }, "removed");
  expect((await remove({})).userErrors[0].code).toBe("SECOND_FACTOR_REQUIRED");
  expect((await remove({ code: "000000" })).userErrors[0].code).toBe("INVALID");
  expect((await remove({ password: "a wrong password", code: code() })).userErrors[0].code).toBe("INVALID");
  expect(await remove({ code: code() })).toMatchObject({ removed: true, userErrors: [] });
  expect((await remove({ code: code() })).userErrors[0].code).toBe("STATE_INVALID");
  expect((await signIn(ada)).session).not.toBeNull();
  expect((await codesOf(ada.userId)).filter((type) => type.includes("factor"))).toEqual([
    "user.second_factor_enabled.v1",
    "user.second_factor_disabled.v1",
  ]);
});

test("after ten wrong codes one is looked at each quarter of an hour, whoever guesses", async () => {
  const { ada, code } = await enrolled();
  for (let n = 0; n < 10; n += 1) await signIn(ada, String(n).padStart(6, "0"));
  expect((await signIn(ada, code())).userErrors[0].code).toBe("LIMIT_REACHED");
  fixture.advance(15 * 60_000);
  expect((await signIn(ada, code())).session).not.toBeNull();
  fixture.advance(STEP_MS);
  expect((await signIn(ada, code())).session).not.toBeNull();
});

test("a new password by mail leaves the second factor as it is [AU-07]", async () => {
  const { ada, code } = await enrolled();
  await fixture.mutate(ANONYMOUS, "passwordResetRequest", { email: ada.email }, "accepted");
  const token = await fixture.tokenFor(ada.email, "/reset-password");
  const next = "a much better password";
  await fixture.mutate(ANONYMOUS, "passwordReset", { token, next }, "user { id }");
  expect((await signIn({ ...ada, password: next })).userErrors[0].code).toBe("SECOND_FACTOR_REQUIRED");
  expect((await signIn({ ...ada, password: next }, code())).session).not.toBeNull();
});

test("an organisation that requires a second factor holds off whoever has none, until they have one [S5]", async () => {
  const { ada } = await enrolled();
  const bob = await fixture.person();
  const organizationId = await fixture.organization(ada);
  const bobs = await fixture.join(ada, organizationId, bob);
  const { ADMIN } = await fixture.roles(ada, organizationId);
  await as(ada, "membershipUpdate", { id: bobs, roleIds: [ADMIN] }, "membership { id }");
  const key = { organizationId, name: "Export", scopes: ["billing.read"] };
  const { secret: bobsKey } = await as(bob, "apiKeyCreate", key, "secret");
  const change = (person: Person, input: object) =>
    as(person, "organizationUpdate", { id: organizationId, ...input }, "organization { version requiresSecondFactor }");
  const grants = async ({ sessionId, userId }: Person) =>
    (await fixture.subgraph.tokenService.session(sessionId, userId))?.grants[organizationId];

  const locksOut = await change(bob, { expectedVersion: 1, requireSecondFactor: true });
  expect(locksOut.userErrors).toMatchObject([{ code: "STATE_INVALID", field: ["input", "requireSecondFactor"] }]);
  const required = await change(ada, { expectedVersion: 1, requireSecondFactor: true });
  expect(required.organization).toEqual({ version: 2, requiresSecondFactor: true });
  expect(await grants(ada)).toContain("members.manage");
  expect(await grants(bob)).toEqual(["organization.read"]);
  expect((await fixture.subgraph.tokenService.apiKey(bobsKey))?.permissions).toEqual([]);

  const { secret } = await as(bob, "totpEnroll", { password: bob.password }, "secret");
  await as(bob, "totpConfirm", { code: appOf(secret)() }, "recoveryCodes");
  expect(await grants(bob)).toContain("members.manage");
  expect((await fixture.subgraph.tokenService.apiKey(bobsKey))?.permissions).toEqual(["billing.read"]);
  fixture.advance(STEP_MS);
  await as(bob, "totpRemove", { password: bob.password, code: appOf(secret)() }, "removed");
  expect(await grants(bob)).toEqual(["organization.read"]);

  await change(ada, { expectedVersion: 2, requireSecondFactor: false });
  expect(await grants(bob)).toContain("members.manage");
  // A name says nothing about it.
  await change(ada, { expectedVersion: 3, name: "Other Works" });
  const changes = (await fixture.eventsOf(organizationId)).filter(({ type }) => type.includes("security_changed"));
  expect(changes.map(({ data }) => data.requiresSecondFactor)).toEqual([true, false]);
});
