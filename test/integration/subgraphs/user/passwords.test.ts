// Passwords: changed, forgotten, and hashed anew when hashing becomes dearer.
import { compare, getRounds, hash } from "bcrypt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const NEXT = "a much better password";
const signIn = (email: string, password: string) =>
  fixture.mutate(ANONYMOUS, "sessionCreate", { email, password }, "session { id }");
const facts = ({ sessionId, userId }: Person) => fixture.subgraph.tokenService.session(sessionId, userId);
const change = async (person: Person, input: object) =>
  fixture.mutate(await fixture.identityOf(person), "passwordChange", input, "user { id version }");
const requestReset = (email: string) => fixture.mutate(ANONYMOUS, "passwordResetRequest", { email }, "accepted");
const reset = (token: string, next = NEXT) =>
  fixture.mutate(ANONYMOUS, "passwordReset", { token, next }, "user { id status }");
const resetLink = async (email: string) => {
  await requestReset(email);
  return fixture.tokenFor(email, "/reset-password");
};
const typesOf = async (userId: string) => (await fixture.eventsOf(userId)).map(({ type }) => type);

test("a password is changed by whoever knows it; other sessions end, this one goes on, and the owner is told by mail", async () => {
  const ada = await fixture.person();
  const other = await fixture.signIn(ada);
  expect((await change(ada, { current: "a wrong password", next: NEXT })).userErrors).toMatchObject([
    { code: "INVALID", field: ["input", "current"] },
  ]);
  expect((await change(ada, { current: ada.password, next: ada.password })).userErrors[0].field).toEqual([
    "input",
    "next",
  ]);
  expect((await change(ada, { current: ada.password, next: "short" })).userErrors[0].field).toEqual(["input", "next"]);
  expect((await change(ada, { current: ada.password, next: NEXT })).user.version).toBe(3);
  expect([await facts(other), (await facts(ada)) === null]).toEqual([null, false]);
  expect((await signIn(ada.email, ada.password)).session).toBeNull();
  expect((await signIn(ada.email, NEXT)).session).not.toBeNull();
  expect((await fixture.eventsOf(ada.userId)).find(({ type }) => type === "user.password_changed.v1")?.data).toEqual({
    userId: ada.userId,
    how: "changed",
  });
  const isTold = async () => (await fixture.mailbox.list(ada.email)).some(({ subject }) => /was changed/.test(subject));
  await waitFor(isTold, { what: "the mail to the owner" });
});

test("other sessions stay when their user says so, and all but the current one end when asked to", async () => {
  const ada = await fixture.person();
  const other = await fixture.signIn(ada);
  await change(ada, { current: ada.password, next: NEXT, revokeOthers: false });
  expect(await facts(other)).not.toBeNull();
  const revoked = await fixture.mutate(
    await fixture.identityOf(ada),
    "sessionRevoke",
    { exceptCurrent: true },
    "revokedIds",
  );
  expect(revoked.revokedIds).toEqual([other.sessionId]);
  expect(await facts(ada)).not.toBeNull();
});

test("of two changes at once one counts: the other was judged by a password that is none any more", async () => {
  const ada = await fixture.person();
  const answers = await Promise.all(
    [`${NEXT} one`, `${NEXT} two`].map((next) => change(ada, { current: ada.password, next })),
  );
  expect(answers.filter(({ user }) => user !== null)).toHaveLength(1);
  expect(answers.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: "INVALID" }]);
});

test("a forgotten password is replaced by the link of a mail, once, within an hour; all sessions end [AU-07]", async () => {
  const ada = await fixture.person();
  const token = await resetLink(ada.email);
  for (const table of ["password_reset", "email_delivery", "outbox"]) {
    expect(JSON.stringify((await fixture.admin.query(`SELECT * FROM ${table}`)).rows)).not.toContain(token);
  }
  expect((await reset(token, "short")).userErrors[0].code).toBe("INVALID");
  expect((await reset(token)).user).toEqual({ id: ada.userId, status: "ACTIVE" });
  expect(await facts(ada)).toBeNull();
  expect((await reset(token, "yet another password")).userErrors[0].code).toBe("EXPIRED");
  expect((await signIn(ada.email, ada.password)).session).toBeNull();
  expect((await signIn(ada.email, NEXT)).session).not.toBeNull();
  const types = await typesOf(ada.userId);
  expect(types.slice(3, 6)).toEqual([
    "user.password_reset_requested.v1",
    "user.password_changed.v1",
    "user.session.revoked.v1",
  ]);

  fixture.advance(60_000);
  const late = await resetLink(ada.email);
  fixture.advance(60 * 60_000 + 1);
  expect((await reset(late, "yet another password")).userErrors[0].code).toBe("EXPIRED");
});

test("a link for a new password is void once the password was changed otherwise", async () => {
  const ada = await fixture.person();
  const token = await resetLink(ada.email);
  await change(ada, { current: ada.password, next: NEXT });
  expect((await reset(token, "yet another password")).userErrors[0].code).toBe("EXPIRED");
});

test("a reset is answered the same for every address, and mailed once a minute", async () => {
  const ada = await fixture.person();
  const unknown = await requestReset("nobody@example.com");
  expect(await requestReset(ada.email)).toEqual(unknown);
  await Promise.all([requestReset(ada.email), requestReset(ada.email)]);
  const requests = (await typesOf(ada.userId)).filter((type) => type === "user.password_reset_requested.v1");
  expect(requests).toHaveLength(1);
});

test("whoever has the mailbox gets an account that somebody else opened with its address", async () => {
  const { email } = await fixture.register(undefined, "somebody elses password");
  expect((await reset(await resetLink(email))).user.status).toBe("ACTIVE");
  expect((await signIn(email, "somebody elses password")).session).toBeNull();
  expect((await signIn(email, NEXT)).session).not.toBeNull();
  const { rows } = await fixture.admin.query(
    `SELECT 1 FROM pending_registration JOIN "user" u ON u.id = user_id WHERE u.email = $1`,
    [email],
  );
  expect(rows).toEqual([]);
});

test("hashes are bcrypt's at the configured cost, and a lower one is raised when its password is used [S79]", async () => {
  const ada = await fixture.person();
  const stored = async () => {
    const { rows } = await fixture.admin.query('SELECT password_hash FROM "user" WHERE id = $1', [ada.userId]);
    return rows[0].password_hash as string;
  };
  expect(await stored()).toMatch(/^\$2b\$05\$/);
  await fixture.admin.query('UPDATE "user" SET password_hash = $2 WHERE id = $1', [
    ada.userId,
    await hash(ada.password, 4),
  ]);
  expect((await signIn(ada.email, "a wrong password")).session).toBeNull();
  expect(getRounds(await stored())).toBe(4);
  expect((await signIn(ada.email, ada.password)).session).not.toBeNull();
  expect(getRounds(await stored())).toBe(5);
  expect(await compare(ada.password, await stored())).toBe(true);
});
