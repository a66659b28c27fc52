/**
 * Who has changed something a moment ago: they read from the primary, so that they read what they wrote. All processes
 * of a subgraph tell each other by Redis. Who cannot be asked about counts as one of them. A writer goes by the
 * session, not the person: other devices hear of the change by its event.
 */
import { LRUCache } from "lru-cache";
import type { Identity } from "../../auth/identity.ts";
import { SessionId } from "../../auth/principal-ids.ts";
import { withDeadline } from "../../deadline.ts";
import type { Change } from "../../events/envelope.ts";
import type { LifecyclePart } from "../../lifecycle/lifecycle.ts";
import type { Logger } from "../../logger/logger.ts";
import { createRedisConnection } from "../../redis/redis-connection.ts";
import type { RedisNamespace } from "../../redis/redis-namespace.ts";
import { MAX_LAG_MS } from "./replica-lag.ts";

export interface RecentWriters {
  /**
   * To be called when commands of a request are committed, before they are answered. Never rejects.
   * @param changes by the commands; sessions that they begin are writers, too
   */
  note(identity: Identity, changes: readonly Pick<Change, "subject">[]): Promise<void>;
  /** Has the identity written something that a replica may not show yet? */
  includes(identity: Identity): Promise<boolean>;
  readonly part: LifecyclePart;
}

export interface RecentWritersOptions {
  /** The subgraph's. */
  readonly name: string;
  readonly redis: RedisNamespace;
  readonly logger: Logger;
}

/** By then every replica that is read from has what they wrote; the rest is for the way to Redis. */
const REMEMBERED_MS = 2 * MAX_LAG_MS;
/** No command waits longer for Redis. */
const NOTE_MS = 250;
const MAX_OWN = 100_000;

export function createRecentWriters({ name, redis: { url, prefix }, logger }: RecentWritersOptions): RecentWriters {
  const redis = createRedisConnection({ url, name: `tributary-${name}-writers`, logger });
  const own = new LRUCache<string, true>({ max: MAX_OWN, ttl: REMEMBERED_MS });
  const keyOf = (writer: string) => `${prefix}:${name}:wrote:${writer}`;
  return {
    async note(identity, changes) {
      if (changes.length === 0) return;
      const begun = changes.flatMap(({ subject }) => SessionId.from(subject) ?? []);
      const writers = [...new Set([writerOf(identity), ...begun])].filter((writer) => writer !== undefined);
      for (const writer of writers) own.set(writer, true);
      try {
        const told = writers.map((writer) => redis.client.set(keyOf(writer), "1", "PX", REMEMBERED_MS));
        await withDeadline(Promise.all(told), NOTE_MS, `Redis did not answer within ${NOTE_MS} ms`);
      } catch (error) {
        logger.warn({ err: error }, "other processes were not told of a writer, who may read from a replica there");
      }
    },
    async includes(identity) {
      const writer = writerOf(identity);
      if (writer === undefined) return false;
      if (own.has(writer)) return true;
      try {
        return (await redis.client.exists(keyOf(writer))) > 0;
      } catch {
        return true;
      }
    },
    part: { name: `${name} writers`, start: () => redis.start(), stop: () => redis.stop() },
  };
}

function writerOf(identity: Identity): string | undefined {
  if (identity.kind === "USER") return identity.sessionId;
  return identity.kind === "API_KEY" ? identity.keyId : undefined;
}
