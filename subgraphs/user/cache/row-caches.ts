/**
 * Caches rows between requests: users, organisations and sessions, and the rules of feature flags. A command's events
 * evict them before its transaction is committed. Changes by other processes evict them when their event is read, also
 * when these processes share no Redis with this one. Rights are not cached here. The gateway caches those, and asks
 * anew at the very event that would have to evict them here.
 */
import { z } from "zod";
import type { ProcessCache } from "../../../platform/cache/process-cache.ts";
import { createRowCache, type RowCache, type VersionedRow } from "../../../platform/cache/row-cache.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { FeatureFlagScope, OrganizationStatus, UserStatus } from "../../../schema/generated/user.ts";
import { type FlagRules, isFlagSubject } from "../domain/feature-flag.ts";
import { OrganizationId, SessionId, UserId } from "../domain/ids.ts";
import type { Organization } from "../domain/organization.ts";
import type { Session } from "../domain/session.ts";
import type { User } from "../domain/user.ts";
import type { UserDatabase } from "../store/database.ts";
import { findFlagRules } from "../store/feature-flags.ts";
import { findOrganizations } from "../store/organizations.ts";
import { findSession } from "../store/sessions.ts";
import { findUser } from "../store/users.ts";

const versioned = { version: z.int() };

const cachedUser: z.ZodType<User> = z.object({
  ...versioned,
  id: UserId.schema,
  email: z.string(),
  emailVerifiedAt: z.date().nullable(),
  displayName: z.string(),
  locale: z.string().nullable(),
  timeZone: z.string().nullable(),
  status: z.enum(UserStatus),
  createdAt: z.date(),
  updatedAt: z.date(),
});

const cachedOrganization: z.ZodType<Organization> = z.object({
  ...versioned,
  id: OrganizationId.schema,
  slug: z.string(),
  name: z.string(),
  status: z.enum(OrganizationStatus),
  requiresSecondFactor: z.boolean(),
  deletesAt: z.date().nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
});

const cachedSession: z.ZodType<Session> = z.object({
  ...versioned,
  id: SessionId.schema,
  userId: UserId.schema,
  device: z.string().nullable(),
  ip: z.string().nullable(),
  createdAt: z.date(),
  lastSeenAt: z.date(),
  expiresAt: z.date(),
  revokedAt: z.date().nullable(),
  revokedReason: z.string().nullable(),
});

const cachedFlagRules: z.ZodType<FlagRules> = z.object({
  ...versioned,
  rules: z.array(
    z.object({
      key: z.string(),
      scope: z.enum(FeatureFlagScope),
      target: z.string(),
      percent: z.number(),
      updatedAt: z.date(),
    }),
  ),
});

/** The rules are few, and cached as one row of this name. */
export const ALL_FLAG_RULES = "all";
const FLAG_RULES_TABLE = "flag_rules";

/** The part of an event that names a row and its version. */
export interface RowChange {
  readonly subject: string;
  readonly aggregateVersion: number;
  readonly key: string;
}

export interface RowCaches {
  readonly users: RowCache<User>;
  readonly organizations: RowCache<Organization>;
  /** By `sessionKey`: whoever asks for another user's session asks for one that is not there. */
  readonly sessions: RowCache<Session>;
  /** One row, `ALL_FLAG_RULES`. */
  readonly flagRules: RowCache<FlagRules>;
  /** What events say has changed, or is about to. */
  evict(events: readonly RowChange[]): Promise<void>;
}

export function sessionKey(userId: UserId, sessionId: SessionId): string {
  return `${userId}/${sessionId}`;
}

/** Writes a committed session through to the cache: whoever signs in asks for it next. */
export function cacheSession({ rowCaches }: { readonly rowCaches: RowCaches }, session: Session): Promise<void> {
  return rowCaches.sessions.put(sessionKey(session.userId, session.id), session);
}

export function createRowCaches({ cache, ttlMsOfKind }: Pick<ProcessCache, "cache" | "ttlMsOfKind">): RowCaches {
  const ttlMs = ttlMsOfKind("profile");
  const users = createRowCache(cache, { table: "user", ttlMs, schema: cachedUser });
  const organizations = createRowCache(cache, { table: "organization", ttlMs, schema: cachedOrganization });
  const sessions = createRowCache(cache, { table: "session", ttlMs, schema: cachedSession });
  const flagRules = createRowCache(cache, {
    table: FLAG_RULES_TABLE,
    ttlMs: ttlMsOfKind("configuration"),
    schema: cachedFlagRules,
  });
  return {
    users,
    organizations,
    sessions,
    flagRules,
    async evict(events) {
      const evictions = events.map(({ subject, aggregateVersion: version, key }) => {
        if (isFlagSubject(subject)) return flagRules.changed(ALL_FLAG_RULES, version);
        if (UserId.from(subject) !== undefined) return users.changed(subject, version);
        if (OrganizationId.from(subject) !== undefined) return organizations.changed(subject, version);
        const sessionId = SessionId.from(subject);
        const userId = UserId.from(key);
        if (sessionId === undefined || userId === undefined) return undefined;
        return sessions.changed(sessionKey(userId, sessionId), version);
      });
      await Promise.all(evictions);
    },
  };
}

/**
 * Reads a cached row anew, by its key in the cache: the owner's transaction sees it. `undefined` for a row that is
 * gone.
 */
export function loadRowByCacheKey(database: UserDatabase): (key: string) => Promise<VersionedRow | undefined> {
  return async (key) => {
    const [table, name = ""] = key.split(":");
    if (table === FLAG_RULES_TABLE) return findFlagRules(database.autocommit);
    if (table === "organization") {
      const id = OrganizationId.require(name);
      return inTenants(database, [id], async (tx) => (await findOrganizations(tx, [id])).at(0));
    }
    const [owner = "", session = ""] = name.split("/");
    const userId = UserId.require(owner);
    return inTenants(database, [userId], async (tx): Promise<VersionedRow | undefined> => {
      return table === "user" ? findUser(tx, userId) : findSession(tx, SessionId.require(session));
    });
  };
}
