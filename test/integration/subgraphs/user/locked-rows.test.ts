// Store functions that lock or join by raw SQL give what the same rows give when Prisma reads them.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { openUserDatabase, type UserDatabase } from "../../../../subgraphs/user/store/database.ts";
import { pageMemberships } from "../../../../subgraphs/user/store/memberships.ts";
import { findOrganizations, lockOrganization } from "../../../../subgraphs/user/store/organizations.ts";
import { lockRefreshToken } from "../../../../subgraphs/user/store/refresh-tokens.ts";
import {
  findGrants,
  findRoles,
  findRolesOfMemberships,
  findRolesOfOrganizations,
} from "../../../../subgraphs/user/store/roles.ts";
import { tables } from "../../../../subgraphs/user/store/tables.ts";
import { type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
let database: UserDatabase;
let owner: Person;
let organizationId: OrganizationId;

beforeAll(async () => {
  fixture = await startUser();
  database = openUserDatabase("test", fixture.runtime.databaseUrls.app, 1);
  owner = await fixture.person();
  organizationId = await fixture.organization(owner);
});
afterAll(async () => {
  await database?.part.stop?.();
  await fixture?.stop();
});

test("a locked organisation equals the organisation as it is found, and a foreign one is not there [S8]", async () => {
  await inTenants(database, [organizationId], async (tx) => {
    expect([await lockOrganization(tx, organizationId)]).toEqual(await findOrganizations(tx, [organizationId]));
    expect(await lockOrganization(tx, fixture.ids.next("org"))).toBeUndefined();
  });
});

test("a locked refresh token equals the row that Prisma reads, before and after it is traded [S8]", async () => {
  const compare = () =>
    inTenants(database, [owner.userId], async (tx) => {
      const stored = await tables(tx).refreshToken.findMany();
      for (const token of stored) expect(await lockRefreshToken(tx, token.tokenHash)).toEqual(token);
      return stored;
    });
  expect(await compare()).toEqual([expect.objectContaining({ replacedAt: null })]);
  const { refreshToken } = owner;
  await fixture.mutate({ kind: "ANONYMOUS" }, "sessionRefresh", { refreshToken }, "tokens { accessToken }");
  expect((await compare()).filter(({ replacedAt }) => replacedAt !== null)).toHaveLength(1);
});

test("the roles of a membership equal the roles as they are found, and grant what they permit [S8]", async () => {
  await inTenants(database, [owner.userId, organizationId], async (tx) => {
    const page = { take: 1, direction: "forward", counted: false } as const;
    const [membership] = (await pageMemberships(tx, { organizationId }, page)).rows;
    if (membership === undefined) throw new Error("the organisation has no member");
    const roles = (await findRolesOfMemberships(tx, [membership.id])).get(membership.id) ?? [];
    const roleIds = roles.map(({ id }) => id);
    expect(roleIds).toHaveLength(1);
    expect(roles).toEqual(await findRoles(tx, roleIds));
    expect(await findRolesOfOrganizations(tx, [organizationId])).toEqual(expect.arrayContaining([...roles]));
    const permissions = new Set(roles.flatMap((role) => role.permissions));
    expect(permissions.size).toBeGreaterThan(0);
    expect(await findGrants(tx, owner.userId)).toEqual(new Map([[organizationId, permissions]]));
  });
});
