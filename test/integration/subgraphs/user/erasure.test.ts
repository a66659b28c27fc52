// A person who erases themselves leaves nothing behind here, and no organisation without an owner.
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const erase = (person: Person, input: object = {}) =>
  as(person, "userErase", { id: person.userId, password: person.password, ...input }, "erased");
const facts = ({ sessionId, userId }: Person) => fixture.subgraph.tokenService.session(sessionId, userId);

/** Every row of every table, as text, but for what is published and what was sent twice. */
async function allRows(): Promise<string> {
  const tables = await fixture.admin.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public'
     AND tablename NOT LIKE '\\_prisma%' AND tablename NOT IN ('outbox', 'inbox')`,
  );
  const texts: string[] = [];
  for (const { tablename } of tables.rows) {
    const { rows } = await fixture.admin.query(`SELECT row_to_json(t)::text AS row FROM "${tablename}" t`);
    texts.push(...rows.map(({ row }: { row: string }) => `${tablename} ${row}`));
  }
  return texts.join("\n");
}

test("nothing that tells of an erased person is left, and nobody can act as them", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(bob);
  await fixture.join(bob, organizationId, ada);
  const profile = { id: ada.userId, expectedVersion: 2, displayName: "Adalbert the First", timeZone: "Europe/Vienna" };
  await as(ada, "userProfileUpdate", profile, "user { id }");
  const second = await fixture.signIn(ada);
  await fixture.mutate({ kind: "ANONYMOUS" }, "passwordResetRequest", { email: ada.email }, "accepted");
  await fixture.tokenFor(ada.email, "/reset-password");
  await as(ada, "emailChangeRequest", { email: `new-${ada.email}`, password: ada.password }, "accepted");
  await as(ada, "totpEnroll", { password: ada.password }, "secret");
  expect(await allRows()).toContain(ada.email);

  expect(await erase(ada)).toMatchObject({ erased: true, userErrors: [] });
  const left = await allRows();
  for (const trace of [ada.email, "Adalbert", "Europe/Vienna"]) expect(left).not.toContain(trace);
  const places = left.split("\n").filter((line) => line.includes("203.0.113.7") && line.includes(ada.userId));
  expect(places).toEqual([]);
  for (const session of [ada, second]) expect(await facts(session)).toBeNull();
  const signIn = { email: ada.email, password: ada.password };
  expect((await fixture.mutate({ kind: "ANONYMOUS" }, "sessionCreate", signIn, "session { id }")).session).toBeNull();
  const refreshed = { refreshToken: second.refreshToken };
  expect(
    (await fixture.mutate({ kind: "ANONYMOUS" }, "sessionRefresh", refreshed, "session { id }")).session,
  ).toBeNull();

  const events = await fixture.eventsOf(ada.userId);
  expect(events.at(-1)).toMatchObject({ type: "user.erased.v1", data: { userId: ada.userId }, actorid: ada.userId });
  expect(events.filter(({ type }) => type === "user.session.revoked.v1")).toHaveLength(2);
  const ended = (await fixture.eventsOf(organizationId)).filter(({ type }) => type === "user.membership.removed.v1");
  expect(ended).toMatchObject([{ data: { userId: ada.userId } }]);
  const { rows } = await fixture.admin.query("SELECT type, changes FROM profile_event WHERE user_id = $1", [
    ada.userId,
  ]);
  expect(rows).toMatchObject([{ type: "ERASED", changes: { status: { from: null, to: "ERASED" } } }]);
});

test("the address of an erased person can open another account, with nothing of the first", async () => {
  const ada = await fixture.person();
  const former = await fixture.tokenFor(ada.email, "/verify");
  await erase(ada);
  await fixture.register(ada.email, "another horse battery");
  const token = await waitFor(
    async () => {
      const newest = await fixture.tokenFor(ada.email, "/verify");
      return newest !== former && newest;
    },
    { what: "the mail of the new account" },
  );
  await fixture.mutate({ kind: "ANONYMOUS" }, "emailVerify", { token }, "user { id }");
  const again = await fixture.signIn({ email: ada.email, password: "another horse battery" });
  expect(again.userId).not.toBe(ada.userId);
});

test("whoever is not sure to be the person, or names somebody else, erases nobody", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  expect(refusalsOf(await erase(ada, { password: "wrong horse battery" }))).toEqual(["INVALID password"]);
  expect(refusalsOf(await erase(ada, { id: bob.userId }))).toEqual(["NOT_FOUND id"]);
  expect(refusalsOf(await erase(ada, { id: fixture.ids.next("usr") }))).toEqual(["NOT_FOUND id"]);
  await fixture.admin.query(
    `INSERT INTO second_factor (user_id, sealed_secret, created_at, confirmed_at) VALUES ($1, 'x', now(), now())`,
    [ada.userId],
  );
  expect(refusalsOf(await erase(ada))).toEqual(["SECOND_FACTOR_REQUIRED code"]);
  for (const person of [ada, bob]) expect(await facts(person)).not.toBeNull();
});

test("an organisation with other members keeps an owner; one without is suspended", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const [shared, alone] = [await fixture.organization(ada), await fixture.organization(ada)];
  const bobs = await fixture.join(ada, shared, bob);
  const refused = await erase(ada);
  expect(refusalsOf(refused)).toEqual(["STATE_INVALID id"]);
  expect(refused.userErrors[0].message).toContain("Test Works");
  expect(await facts(ada)).not.toBeNull();
  expect((await fixture.eventsOf(alone)).map(({ type }) => type)).not.toContain("user.organization.suspended.v1");

  const { OWNER } = await fixture.roles(ada, shared);
  await as(ada, "membershipUpdate", { id: bobs, roleIds: [OWNER] }, "membership { id }");
  expect(refusalsOf(await erase(ada))).toEqual([]);
  expect((await fixture.eventsOf(alone)).map(({ type }) => type)).toContain("user.organization.suspended.v1");
  expect((await fixture.eventsOf(shared)).map(({ type }) => type)).not.toContain("user.organization.suspended.v1");
  const query = "query($id: ID!) { organization(id: $id) { status members(first: 5) { totalCount } } }";
  const { data } = await fixture.ask(await fixture.identityOf(bob), query, { id: shared });
  expect(data.organization).toEqual({ status: "PROVISIONING", members: { totalCount: 1 } });
});

test("API keys and invitations of an erased person end with them", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(bob);
  const adas = await fixture.join(bob, organizationId, ada);
  const { ADMIN, MEMBER } = await fixture.roles(bob, organizationId);
  await as(bob, "membershipUpdate", { id: adas, roleIds: [ADMIN] }, "membership { id }");
  const key = { organizationId, name: "Export", scopes: ["billing.read"] };
  const { apiKey, secret } = await as(ada, "apiKeyCreate", key, "apiKey { id } secret");
  const invitation = { organizationId, email: `x-${ada.email}`, roleIds: [MEMBER] };
  await as(ada, "invitationCreate", invitation, "invitation { id }");
  await erase(ada);
  expect(await fixture.subgraph.tokenService.apiKey(secret)).toBeNull();
  const types = (await fixture.eventsOf(organizationId)).map(({ type }) => type);
  for (const type of ["user.api_key.revoked.v1", "user.invitation.revoked.v1"]) expect(types).toContain(type);
  const node = "query($id: ID!) { node(id: $id) { ... on ApiKey { status grantedBy { displayName } } } }";
  const { data } = await fixture.ask(await fixture.identityOf(bob), node, { id: apiKey.id });
  expect(data.node).toEqual({ status: "REVOKED", grantedBy: null });
});
