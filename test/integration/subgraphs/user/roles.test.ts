// Roles: built in and of an organisation's own, and that nobody gives or takes what they may not do themselves.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PERMISSIONS } from "../../../../subgraphs/user/domain/permission.ts";
import { BUILT_IN_ROLES } from "../../../../subgraphs/user/policies.ts";
import { type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const create = (person: Person, organizationId: string, name: string, permissions: readonly string[], more = {}) =>
  as(person, "roleCreate", { organizationId, name, permissions, ...more }, "role { id name permissions builtIn }");
const update = (person: Person, input: object) => as(person, "roleUpdate", input, "role { id name permissions }");
const remove = (person: Person, id: string) => as(person, "roleDelete", { id }, "deletedId");
const giveRoles = (person: Person, id: string, roleIds: readonly string[]) =>
  as(person, "membershipUpdate", { id, roleIds }, "membership { roles { name } }");
const can = async (person: Person, organizationId: string, action: string) => {
  const query = "query($action: String!, $id: ID!) { viewer { can(action: $action, resourceId: $id) } }";
  const { data } = await fixture.ask(await fixture.identityOf(person), query, { action, id: organizationId });
  return data.viewer.can;
};
const roleEvents = async (organizationId: string) =>
  (await fixture.eventsOf(organizationId)).filter(({ type }) => type.startsWith("user.role."));

async function world() {
  const [ada, bob, eve] = [await fixture.person(), await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(ada);
  const [bobs, eves] = [await fixture.join(ada, organizationId, bob), await fixture.join(ada, organizationId, eve)];
  return { ada, bob, eve, bobs, eves, organizationId, roles: await fixture.roles(ada, organizationId) };
}

test("an organisation has five built-in roles, and an owner may do all that there is", async () => {
  const { ada, organizationId, roles } = await world();
  expect(Object.keys(roles).sort()).toEqual(Object.keys(BUILT_IN_ROLES).sort());
  for (const permission of Object.keys(PERMISSIONS)) expect(await can(ada, organizationId, permission)).toBe(true);
  expect(await can(ada, organizationId, "no.such")).toBe(false);
  expect(await can(ada, fixture.ids.next("org"), "billing.read")).toBe(false);
});

test("a role of one's own allows what it says, from the next request on, and its changes reach whoever holds it [S5]", async () => {
  const { ada, bob, bobs, organizationId } = await world();
  const { role } = await create(ada, organizationId, "Support", ["members.read", "organization.read", "members.read"]);
  expect(role).toMatchObject({ name: "Support", permissions: ["organization.read", "members.read"], builtIn: false });
  expect((await giveRoles(ada, bobs, [role.id])).membership.roles).toEqual([{ name: "Support" }]);
  expect(await can(bob, organizationId, "billing.read")).toBe(false);
  await update(ada, { id: role.id, permissions: ["organization.read", "billing.read"], name: "Money" });
  expect([await can(bob, organizationId, "billing.read"), await can(bob, organizationId, "members.read")]).toEqual([
    true,
    false,
  ]);
  expect((await remove(ada, role.id)).userErrors[0].code).toBe("STATE_INVALID");
  await as(ada, "membershipRemove", { id: bobs }, "removedId");
  expect((await remove(ada, role.id)).deletedId).toBe(role.id);
  expect((await roleEvents(organizationId)).map(({ type, data }) => [type, data.name ?? data.toName])).toEqual([
    ["user.role.created.v1", "Support"],
    ["user.role.updated.v1", "Money"],
    ["user.role.deleted.v1", "Money"],
  ]);
});

test("an admin gives what an admin may, and neither makes nor unmakes an owner [S5]", async () => {
  const { ada, bob, eve, bobs, eves, organizationId, roles } = await world();
  await giveRoles(ada, bobs, [roles.ADMIN]);
  expect((await giveRoles(bob, eves, [roles.AUDITOR])).membership.roles).toEqual([{ name: "AUDITOR" }]);
  for (const refused of [
    await giveRoles(bob, eves, [roles.OWNER]),
    await giveRoles(bob, bobs, [roles.OWNER]),
    await giveRoles(bob, eves, [roles.BILLING]),
    await create(bob, organizationId, "Sneaky", ["billing.manage"]),
    await as(
      bob,
      "invitationCreate",
      { organizationId, email: `x-${randomUUID()}@example.com`, roleIds: [roles.OWNER] },
      "invitation { id }",
    ),
  ]) {
    expect(refused.userErrors[0].code).toBe("FORBIDDEN");
  }
  await giveRoles(ada, eves, [roles.OWNER]);
  expect((await giveRoles(bob, eves, [roles.MEMBER])).userErrors[0].code).toBe("FORBIDDEN");
  expect((await as(bob, "membershipRemove", { id: eves }, "removedId")).userErrors[0].code).toBe("FORBIDDEN");
  expect((await as(eve, "membershipRemove", { id: bobs }, "removedId")).removedId).toBe(bobs);
});

test("what is no role of one's own, no permission, or no free name is refused by name", async () => {
  const { ada, bob, organizationId, roles } = await world();
  const codes = async (answer: Promise<{ userErrors: { code: string; field: string[] }[] }>) =>
    (await answer).userErrors.map(({ code, field }) => `${code} ${field?.at(-1)}`);
  expect(await codes(create(ada, organizationId, "", ["billing.read"]))).toEqual(["BLANK name"]);
  expect(await codes(create(ada, organizationId, "Owner", ["billing.read"]))).toEqual(["TAKEN name"]);
  expect(await codes(create(ada, organizationId, "Empty", []))).toEqual(["BLANK permissions"]);
  expect(await codes(create(ada, organizationId, "Odd", ["billing.rob"]))).toEqual(["INVALID permissions"]);
  expect(await codes(create(bob, organizationId, "Mine", ["billing.read"]))).toEqual(["FORBIDDEN undefined"]);
  expect(await codes(update(ada, { id: roles.OWNER, name: "Boss" }))).toEqual(["STATE_INVALID id"]);
  expect(await codes(remove(ada, roles.MEMBER))).toEqual(["STATE_INVALID id"]);
  const stranger = await fixture.person();
  expect(await codes(update(stranger, { id: roles.OWNER, name: "Boss" }))).toEqual(["NOT_FOUND id"]);
  expect(await codes(update(stranger, { id: fixture.ids.next("rol"), name: "Boss" }))).toEqual(["NOT_FOUND id"]);
});

test("a role that an open invitation promises stays, and the same key makes one role", async () => {
  const { ada, organizationId } = await world();
  const idempotencyKey = randomUUID();
  const first = await create(ada, organizationId, "Support", ["members.read"], { idempotencyKey });
  expect(await create(ada, organizationId, "Support", ["members.read"], { idempotencyKey })).toMatchObject({
    role: { id: first.role.id },
  });
  const input = { organizationId, email: `x-${randomUUID()}@example.com`, roleIds: [first.role.id] };
  const { invitation } = await as(ada, "invitationCreate", input, "invitation { id }");
  expect((await remove(ada, first.role.id)).userErrors[0].code).toBe("STATE_INVALID");
  await as(ada, "invitationRevoke", { id: invitation.id }, "invitation { id }");
  expect((await remove(ada, first.role.id)).deletedId).toBe(first.role.id);
});
