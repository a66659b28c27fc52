/**
 * The rows that are kept between requests: users, organisations and sessions. What a command emits evicts them before its transaction is
 * committed; what other processes did, also those that share no Redis with this one, evicts them when its event is read. Rights are not
 * among them: the gateway keeps those, and asks anew at the very event that would have to evict them here.
 */
import { z } from "zod";
import type { ProcessCache } from "../../platform/cache/process-cache.ts";
import { createRowCache, type RowCache, type VersionedRow } from "../../platform/cache/row-cache.ts";
import { inTenants } from "../../platform/database/tenant-transaction.ts";
import type { DomainEvent } from "../../platform/events/envelope.ts";
import type { EventLog, LogReader } from "../../platform/events/event-log.ts";
import { idPrefix } from "../../platform/ids.ts";
import type { LifecyclePart } from "../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { UserClient } from "../../prisma/user/client.ts";
import { USER_TOPIC } from "./outbox.ts";
import { findOrganizations, type OrganizationRow } from "./store/organizations.ts";
import { findSession, type SessionRow } from "./store/sessions.ts";
import { findUser, type UserRow } from "./store/users.ts";

export interface UserRows {
  readonly users: RowCache<UserRow>;
  readonly organizations: RowCache<OrganizationRow>;
  /** By `sessionKey`: whoever asks for another user's session asks for one that is not there. */
  readonly sessions: RowCache<SessionRow>;
  /** What events say has changed, or is about to. */
  evict(events: readonly Pick<DomainEvent, "subject" | "aggregateVersion" | "key">[]): Promise<void>;
}

export function sessionKey(userId: string, sessionId: string): string {
  return `${userId}/${sessionId}`;
}

/** Writes a committed session through to the cache: whoever signs in asks for it next. */
export function keepSession({ rows }: { readonly rows: UserRows }, session: SessionRow): Promise<void> {
  return rows.sessions.put(sessionKey(session.userId, session.id), session);
}

export function createUserRows({ cache, lifeOf }: Pick<ProcessCache, "cache" | "lifeOf">): UserRows {
  const ttlMs = lifeOf("profile");
  const users = createRowCache<UserRow>(cache, { table: "user", ttlMs });
  const organizations = createRowCache<OrganizationRow>(cache, { table: "organization", ttlMs });
  const sessions = createRowCache<SessionRow>(cache, { table: "session", ttlMs });
  return {
    users,
    organizations,
    sessions,
    async evict(events) {
      const evictions = events.map(({ subject, aggregateVersion: version, key }) => {
        const prefix = idPrefix(subject);
        if (prefix === "usr") return users.changed(subject, version);
        if (prefix === "org") return organizations.changed(subject, version);
        return prefix === "ses" ? sessions.changed(sessionKey(key, subject), version) : undefined;
      });
      await Promise.all(evictions);
    },
  };
}

/** Reads a kept row anew, by its key: the owner's transaction sees it. `undefined` for a row that is gone. */
export function readKept(client: UserClient): (key: string) => Promise<VersionedRow | undefined> {
  return async (key) => {
    const [table, name = ""] = key.split(":");
    const [owner = "", sessionId = ""] = name.split("/");
    return inTenants(client, [owner], async (tx): Promise<VersionedRow | undefined> => {
      if (table === "user") return findUser(tx, owner);
      if (table === "organization") return (await findOrganizations(tx, [owner])).at(0);
      return table === "session" ? findSession(tx, sessionId) : undefined;
    });
  };
}

const eventSchema = z.object({
  subject: z.string(),
  aggregateversion: z.number(),
  partitionkey: z.string(),
});

export interface FollowedRows {
  readonly rows: UserRows;
  readonly cache: ProcessCache["cache"];
  readonly eventLog: Pick<EventLog, "ensureTopics" | "tail">;
  readonly logger: Logger;
}

/** Evicts by event; when events may have been missed, everything. */
export function followRows({ rows, cache, eventLog, logger }: FollowedRows): LifecyclePart {
  let reader: LogReader | undefined;
  const clear = (problem: string) => {
    logger.warn({ problem }, "events may have been missed: cached rows are dropped");
    cache.clear().catch((error: unknown) => logger.error({ err: error }, "dropping cached rows failed"));
  };
  return {
    name: "user rows",
    async start() {
      // Nothing may have been relayed yet.
      await eventLog.ensureTopics([USER_TOPIC]);
      reader = await eventLog.tail({
        topic: USER_TOPIC,
        from: "end",
        async onRecords(_partition, records) {
          const events = records.map(({ value }) => parse(value)).filter((event) => event !== undefined);
          await rows.evict(events);
        },
        onInterruption: (problem) => clear(problem.message),
        onGap: () => clear("a gap in the log"),
      });
    },
    stop: async () => reader?.stop(),
  };
}

/** `undefined` for a record that is no event: it changed no row. */
function parse(text: string) {
  try {
    const { subject, aggregateversion, partitionkey } = eventSchema.parse(JSON.parse(text));
    return { subject, aggregateVersion: aggregateversion, key: partitionkey };
  } catch {
    return undefined;
  }
}
