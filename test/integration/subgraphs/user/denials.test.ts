// Refusals are events: the audit log tells who asked for what they may not do.
import { afterAll, beforeAll, expect, test } from "vitest";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { ANONYMOUS, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const DENIED = "user.access.denied.v1";
const denialsOf = async (organizationId: string) =>
  (await fixture.eventsOf(organizationId)).filter(({ type }) => type === DENIED);
const rename = async (person: Person, id: string) =>
  fixture.mutate(
    await fixture.identityOf(person),
    "organizationUpdate",
    { id, expectedVersion: 1, name: "Taken Works" },
    "organization { id }",
  );

test("a member who lacks a permission is refused, and the refusal is an event of the organisation [S5]", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const id = await fixture.organization(ada);
  await fixture.join(ada, id, bob);
  expect((await rename(bob, id)).userErrors).toMatchObject([{ code: "FORBIDDEN", status: 403 }]);
  const query = "query($id: ID!) { organization(id: $id) { invitations(first: 1) { edges { node { id } } } } }";
  const read = await fixture.ask(await fixture.identityOf(bob), query, { id });
  expect([read.data.organization.invitations, read.errors[0].extensions.code]).toEqual([null, "FORBIDDEN"]);
  const denials = await denialsOf(id);
  expect(denials.map(({ data }) => data)).toEqual([
    { organizationId: id, userId: bob.userId, permission: "organization.manage" },
    { organizationId: id, userId: bob.userId, permission: "members.manage" },
  ]);
  expect(denials[0]).toMatchObject({ orgid: id, actorkind: "USER", actorid: bob.userId, sessionid: bob.sessionId });
  // Whoever has the permission is no news.
  expect((await rename(ada, id)).userErrors).toEqual([]);
  expect(await denialsOf(id)).toHaveLength(2);
});

test("the same refusal is told once a minute, however often it is asked for", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const id = await fixture.organization(ada);
  await fixture.join(ada, id, bob);
  await Promise.all(Array.from({ length: 5 }, () => rename(bob, id)));
  await rename(bob, id);
  expect(await denialsOf(id)).toHaveLength(1);
});

test("a stranger is answered as if nothing were there, and nobody's log tells of it [MT-03]", async () => {
  const [ada, eve] = [await fixture.person(), await fixture.person()];
  const id = await fixture.organization(ada);
  expect((await rename(eve, id)).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  expect(await denialsOf(id)).toEqual([]);
});

test("a sign-in with an address that has no account is an event of the platform, without the address [S5]", async () => {
  const email = "nobody-at-all@example.com";
  const input = { email, password: "a wrong password" };
  const [first, second] = [
    await fixture.mutate(ANONYMOUS, "sessionCreate", input, "session { id }"),
    await fixture.mutate(ANONYMOUS, "sessionCreate", input, "session { id }"),
  ];
  expect([first.session, second.session]).toEqual([null, null]);
  const events = (await fixture.eventsOf(PLATFORM)).filter(({ type }) => type === "user.sign_in.rejected.v1");
  expect(events).toHaveLength(2);
  expect(events[0].data).toEqual({ addressDigest: events[1].data.addressDigest, reason: "unknown_address" });
  expect(events[0]).toMatchObject({ actorkind: "ANONYMOUS", clientip: "203.0.113.7" });
  expect(JSON.stringify(events)).not.toContain("nobody-at-all");
});
