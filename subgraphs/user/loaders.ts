/**
 * Batched reads of one request, as its identity may see them: what it may not see is `null`, like what does not exist.
 * Each batch is bound to the identity's tenants, so row-level security stands behind every policy here. Rows that are
 * cached between requests (cache/row-caches.ts) are given to nobody but those whom the policy lets see them in this
 * very request.
 */
import DataLoader from "dataloader";
import type { Identity } from "../../platform/auth/identity.ts";
import type { RowCache, VersionedRow } from "../../platform/cache/row-cache.ts";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import type { Saga, SagaId } from "../../platform/saga/saga.ts";
import { findSagas, findSagasOf } from "../../platform/saga/saga-store.ts";
import { sessionKey } from "./cache/row-caches.ts";
import type { ApiKey } from "./domain/api-key.ts";
import type { EmailStep } from "./domain/email-delivery.ts";
import type { ApiKeyId, InvitationId, MembershipId, OrganizationId, RoleId, SessionId, UserId } from "./domain/ids.ts";
import type { Invitation } from "./domain/invitation.ts";
import type { Membership } from "./domain/membership.ts";
import type { Organization, Role } from "./domain/organization.ts";
import type { Session } from "./domain/session.ts";
import type { User } from "./domain/user.ts";
import {
  canReadApiKeys,
  canReadInvitations,
  canReadMembership,
  canReadOrganization,
  canReadSaga,
  isSelf,
  organizationsWithReadableMembers,
} from "./policies.ts";
import { PROVISIONING } from "./provisioning/provisioning-saga.ts";
import type { UserServices } from "./services.ts";
import { findApiKeys } from "./store/api-keys.ts";
import type { UserTransaction } from "./store/database.ts";
import { findEmailSteps } from "./store/email-deliveries.ts";
import { findInvitations } from "./store/invitations.ts";
import { findMemberships } from "./store/memberships.ts";
import { findOrganizations } from "./store/organizations.ts";
import { findRoles, findRolesOfMemberships, findRolesOfOrganizations } from "./store/roles.ts";
import { findSessions } from "./store/sessions.ts";
import { findMemberIds, findUsers } from "./store/users.ts";

type One<Key, Entity> = DataLoader<Key, Entity | null>;
type Many<Key, Entity> = DataLoader<Key, readonly Entity[]>;

export interface Loaders {
  readonly user: One<UserId, User>;
  readonly organization: One<OrganizationId, Organization>;
  readonly membership: One<MembershipId, Membership>;
  readonly role: One<RoleId, Role>;
  readonly invitation: One<InvitationId, Invitation>;
  readonly session: One<SessionId, Session>;
  readonly apiKey: One<ApiKeyId, ApiKey>;
  readonly saga: One<SagaId, Saga>;
  /** The saga that set up an organisation, or sets it up. */
  readonly provisioningOf: One<OrganizationId, Saga>;
  /** By the event that called for the mail. */
  readonly stepsOfEmail: Many<string, EmailStep>;
  readonly rolesOfMembership: Many<MembershipId, Role>;
  readonly rolesOfOrganization: Many<OrganizationId, Role>;
}

/** Ids per statement: a page of pages stays one statement, a flood does not become one. */
const MAX_BATCH = 500;

type Find<Key, Entity> = (tx: UserTransaction, keys: readonly Key[]) => Promise<Entity[]>;

export function createLoaders(
  read: TenantReader<UserTransaction>,
  identity: Identity,
  { rowCaches }: Pick<UserServices, "rowCaches">,
): Loaders {
  /** A loader by id: `find` reads the entities, `visible` decides about each. */
  function one<Key, Entity extends { readonly id: Key }>(
    find: Find<Key, Entity>,
    visible: (entity: Entity) => boolean,
  ): One<Key, Entity> {
    return new DataLoader(
      async (ids) => {
        const entities = await read((tx) => find(tx, ids));
        const seen = new Map(entities.filter(visible).map((entity) => [entity.id, entity]));
        return ids.map((id) => seen.get(id) ?? null);
      },
      { maxBatchSize: MAX_BATCH },
    );
  }

  /**
   * A loader of rows that are cached: `visible` says which of them the identity may see, and each one's key in the
   * cache.
   */
  function oneCached<Key, Entity extends VersionedRow & { readonly id: Key }>(
    cached: RowCache<Entity>,
    find: Find<Key, Entity>,
    visible: (ids: readonly Key[]) => Promise<ReadonlyMap<Key, string>>,
  ): One<Key, Entity> {
    const source = one(find, () => true);
    return new DataLoader(
      async (ids) => {
        const keys = await visible(ids);
        return Promise.all(
          ids.map((id) => {
            const key = keys.get(id);
            return key === undefined ? null : cached.load(key, () => source.clear(id).load(id));
          }),
        );
      },
      { maxBatchSize: MAX_BATCH },
    );
  }

  function many<Key, Entity>(
    find: (tx: UserTransaction, keys: readonly Key[]) => Promise<ReadonlyMap<Key, readonly Entity[]>>,
  ): Many<Key, Entity> {
    return new DataLoader(
      async (keys) => {
        const found = await read((tx) => find(tx, keys));
        return keys.map((key) => found.get(key) ?? []);
      },
      { maxBatchSize: MAX_BATCH },
    );
  }

  return {
    user: oneCached(rowCaches.users, findUsers, async (ids) =>
      keyedByThemselves(await visibleUsers(read, identity, ids)),
    ),
    organization: oneCached(rowCaches.organizations, findOrganizations, async (ids) =>
      keyedByThemselves(ids.filter((id) => canReadOrganization(identity, id))),
    ),
    membership: one(findMemberships, (membership) => canReadMembership(identity, membership)),
    role: one(findRoles, ({ organizationId }) => canReadOrganization(identity, organizationId)),
    invitation: one(findInvitations, ({ organizationId }) => canReadInvitations(identity, organizationId)),
    apiKey: one(findApiKeys, ({ organizationId }) => canReadApiKeys(identity, organizationId)),
    saga: one(findSagas, (saga) => canReadSaga(identity, saga)),
    provisioningOf: new DataLoader(
      async (organizationIds) => {
        const sagas = await read((tx) => findSagasOf(tx, PROVISIONING, organizationIds));
        const seen = new Map(sagas.filter((saga) => canReadSaga(identity, saga)).map((saga) => [saga.tenantId, saga]));
        return organizationIds.map((id) => seen.get(id) ?? null);
      },
      { maxBatchSize: MAX_BATCH },
    ),
    // One's own, by their names: another user's session is not looked for.
    session: oneCached(rowCaches.sessions, findSessions, async (ids) => {
      if (identity.kind !== "USER") return new Map();
      const { userId } = identity;
      return new Map(ids.map((id) => [id, sessionKey(userId, id)]));
    }),
    stepsOfEmail: many(findEmailSteps),
    rolesOfMembership: many(findRolesOfMemberships),
    rolesOfOrganization: many(async (tx, ids) =>
      Map.groupBy(await findRolesOfOrganizations(tx, ids), ({ organizationId }) => organizationId),
    ),
  };
}

function keyedByThemselves<Key extends string>(ids: readonly Key[]): ReadonlyMap<Key, string> {
  return new Map(ids.map((id) => [id, id]));
}

/** Oneself, and the members of organisations whose members one may read. */
async function visibleUsers(
  read: TenantReader<UserTransaction>,
  identity: Identity,
  ids: readonly UserId[],
): Promise<readonly UserId[]> {
  const others = ids.filter((id) => !isSelf(identity, id));
  const organizationIds = organizationsWithReadableMembers(identity);
  const colleagues =
    others.length === 0 || organizationIds.length === 0
      ? undefined
      : await read((tx) => findMemberIds(tx, others, organizationIds));
  return ids.filter((id) => isSelf(identity, id) || colleagues?.has(id) === true);
}
