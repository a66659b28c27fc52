// Store functions that lock or join by raw SQL give what the same rows give when Prisma reads them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { createUserClient, type UserClient } from "../../../../prisma/user/client.ts";
import { findGrants, findRolesOfMemberships } from "../../../../subgraphs/user/store/memberships.ts";
import { findOrganizations, findRoles, lockOrganization } from "../../../../subgraphs/user/store/organizations.ts";
import { lockRefreshToken } from "../../../../subgraphs/user/store/sessions.ts";
import { type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
let client: UserClient;
let owner: Person;
let organizationId: string;

beforeAll(async () => {
  fixture = await startUser();
  client = createUserClient(fixture.settings.USER_DATABASE_URL, { poolSize: 1 });
  owner = await fixture.person();
  organizationId = await fixture.organization(owner);
});
afterAll(async () => {
  await client?.$disconnect();
  await fixture?.stop();
});

test("a locked organisation equals the organisation as it is found, and a foreign one is not there [S8]", async () => {
  await inTenants(client, [organizationId], async (tx) => {
    expect([await lockOrganization(tx, organizationId)]).toEqual(await findOrganizations(tx, [organizationId]));
    expect(await lockOrganization(tx, fixture.ids.next("org"))).toBeUndefined();
  });
});

test("a locked refresh token equals the row that Prisma reads, before and after it is traded [S8]", async () => {
  const compare = () =>
    inTenants(client, [owner.userId], async (tx) => {
      const stored = await tx.refreshToken.findMany();
      for (const token of stored) expect(await lockRefreshToken(tx, token.tokenHash)).toEqual(token);
      return stored;
    });
  expect(await compare()).toEqual([expect.objectContaining({ replacedAt: null })]);
  const { refreshToken } = owner;
  await fixture.mutate({ kind: "ANONYMOUS" }, "sessionRefresh", { refreshToken }, "tokens { accessToken }");
  expect((await compare()).filter(({ replacedAt }) => replacedAt !== null)).toHaveLength(1);
});

test("the roles of a membership equal the roles as they are found, and grant what they permit [S8]", async () => {
  await inTenants(client, [owner.userId, organizationId], async (tx) => {
    const [membership] = await tx.membership.findMany({ where: { organizationId }, include: { roles: true } });
    if (membership === undefined) throw new Error("the organisation has no member");
    const roles = (await findRolesOfMemberships(tx, [membership.id])).get(membership.id);
    const roleIds = membership.roles.map(({ roleId }) => roleId);
    expect(roles).toEqual(await findRoles(tx, roleIds));
    const permissions = new Set(roles?.flatMap((role) => role.permissions));
    expect(permissions.size).toBeGreaterThan(0);
    expect(await findGrants(tx, owner.userId)).toEqual(new Map([[organizationId, permissions]]));
  });
});
