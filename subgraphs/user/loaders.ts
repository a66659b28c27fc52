/**
 * Batched reads of one request, as its identity may see them: what it may not see is `null`, like what does not exist. Each batch is
 * one transaction within the identity's tenants, so row-level security stands behind every policy here. Rows that are kept between
 * requests (rows.ts) are given to nobody but those whom the policy lets see them in this very request.
 */
import DataLoader from "dataloader";
import type { Identity } from "../../platform/auth/identity.ts";
import type { RowCache, VersionedRow } from "../../platform/cache/row-cache.ts";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import { idPrefix } from "../../platform/ids.ts";
import type { UserTransaction } from "../../prisma/user/client.ts";
import {
  canReadInvitations,
  canReadMembership,
  canReadOrganization,
  isSelf,
  organizationsWithReadableMembers,
} from "./policies.ts";
import { sessionKey, type UserRows } from "./rows.ts";
import { findInvitations, type InvitationRow } from "./store/invitations.ts";
import { findMemberships, findRolesOfMemberships, type MembershipRow } from "./store/memberships.ts";
import {
  findOrganizations,
  findRoles,
  findRolesOfOrganizations,
  type OrganizationRow,
  type RoleRow,
} from "./store/organizations.ts";
import { findSessions, type SessionRow } from "./store/sessions.ts";
import { findMemberIds, findUsers, type UserRow } from "./store/users.ts";

export interface Loaders {
  readonly user: DataLoader<string, UserRow | null>;
  readonly organization: DataLoader<string, OrganizationRow | null>;
  readonly membership: DataLoader<string, MembershipRow | null>;
  readonly role: DataLoader<string, RoleRow | null>;
  readonly invitation: DataLoader<string, InvitationRow | null>;
  readonly session: DataLoader<string, SessionRow | null>;
  readonly rolesOfMembership: DataLoader<string, readonly RoleRow[]>;
  readonly rolesOfOrganization: DataLoader<string, readonly RoleRow[]>;
}

/** Ids per statement: a page of pages stays one statement, a flood does not become one. */
const MAX_BATCH = 500;

export function createLoaders(read: TenantReader<UserTransaction>, identity: Identity, rows: UserRows): Loaders {
  /** A loader by id: `find` reads the rows, `visible` decides about each. */
  function byId<Row extends { readonly id: string }>(
    find: (tx: UserTransaction, ids: readonly string[]) => Promise<Row[]>,
    visible: (row: Row) => boolean,
  ): DataLoader<string, Row | null> {
    return new DataLoader(
      async (ids) => {
        const rows = await read((tx) => find(tx, ids));
        const seen = new Map(rows.filter(visible).map((row) => [row.id, row]));
        return ids.map((id) => seen.get(id) ?? null);
      },
      { maxBatchSize: MAX_BATCH },
    );
  }

  /** A loader of rows that are kept: `visible` says which of them the identity may see, and which name each has among the kept. */
  function byKeptId<Row extends VersionedRow & { readonly id: string }>(
    kept: RowCache<Row>,
    find: (tx: UserTransaction, ids: readonly string[]) => Promise<Row[]>,
    visible: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>,
  ): DataLoader<string, Row | null> {
    const source = byId(find, () => true);
    return new DataLoader(
      async (ids) => {
        const names = await visible(ids);
        return Promise.all(
          ids.map((id) => {
            const name = names.get(id);
            return name === undefined ? null : kept.load(name, () => source.clear(id).load(id));
          }),
        );
      },
      { maxBatchSize: MAX_BATCH },
    );
  }

  const named = (ids: readonly string[]) => new Map(ids.map((id) => [id, id]));

  function rolesOf(
    find: (tx: UserTransaction, ids: readonly string[]) => Promise<ReadonlyMap<string, readonly RoleRow[]>>,
  ): DataLoader<string, readonly RoleRow[]> {
    return new DataLoader(
      async (ids) => {
        const roles = await read((tx) => find(tx, ids));
        return ids.map((id) => roles.get(id) ?? []);
      },
      { maxBatchSize: MAX_BATCH },
    );
  }

  return {
    user: byKeptId(rows.users, findUsers, async (ids) => named(await visibleUsers(read, identity, ids))),
    organization: byKeptId(rows.organizations, findOrganizations, async (ids) =>
      named(ids.filter((id) => canReadOrganization(identity, id))),
    ),
    membership: byId(findMemberships, (row) => canReadMembership(identity, row)),
    role: byId(findRoles, ({ organizationId }) => canReadOrganization(identity, organizationId)),
    invitation: byId(findInvitations, ({ organizationId }) => canReadInvitations(identity, organizationId)),
    // One's own, by their names: another user's session is not looked for.
    session: byKeptId(rows.sessions, findSessions, async (ids) => {
      if (identity.kind !== "USER") return new Map();
      const { userId } = identity;
      return new Map(ids.filter((id) => idPrefix(id) === "ses").map((id) => [id, sessionKey(userId, id)]));
    }),
    rolesOfMembership: rolesOf(findRolesOfMemberships),
    rolesOfOrganization: rolesOf(async (tx, ids) =>
      Map.groupBy(await findRolesOfOrganizations(tx, ids), ({ organizationId }) => organizationId),
    ),
  };
}

/** Oneself, and the members of organisations whose members one may read. */
async function visibleUsers(
  read: TenantReader<UserTransaction>,
  identity: Identity,
  ids: readonly string[],
): Promise<readonly string[]> {
  const others = ids.filter((id) => !isSelf(identity, id));
  const organizationIds = organizationsWithReadableMembers(identity);
  const colleagues =
    others.length === 0 || organizationIds.length === 0
      ? undefined
      : await read((tx) => findMemberIds(tx, others, organizationIds));
  return ids.filter((id) => isSelf(identity, id) || colleagues?.has(id) === true);
}
