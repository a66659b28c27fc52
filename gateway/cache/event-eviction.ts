/**
 * What an event says drops out of the gateway's cache before anybody is shown the event, on every gateway, since each tails every topic
 * of its live fields. When that cannot be done by name, or nobody knows what was missed, everything goes.
 */
import type { Cache } from "../../platform/cache/cache.ts";
import { withDeadline } from "../../platform/deadline.ts";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Eviction } from "../ports.ts";
import { entityTag, organizationTag, userTag } from "./tags.ts";

/** A store that does not answer delays all events; after this the next stronger remedy is tried. */
const PATIENCE_MS = 400;

export function createEventEviction(cache: Cache, logger: Logger): Eviction {
  async function evictAll(): Promise<void> {
    try {
      await withDeadline(cache.clear(), PATIENCE_MS, `the cache was not cleared within ${PATIENCE_MS} ms`);
    } catch (error) {
      logger.error({ err: error }, "the cache may answer with what events have made old");
    }
  }

  return {
    evictAll,
    async evict(events) {
      const tags = new Set(events.flatMap(tagsOf));
      try {
        const evicted = cache.invalidateTags([...tags]);
        await withDeadline(evicted, PATIENCE_MS, `nothing was evicted within ${PATIENCE_MS} ms`);
      } catch (error) {
        logger.warn({ err: error }, "eviction by event failed: the cache is cleared");
        await evictAll();
      }
    },
  };
}

/**
 * Tags of everything the event may have changed: `entity:<id>` of its subject and of every id in its data (`invoiceId`, `roleIds`),
 * `organization:<id>` and `user:<id>` of whom it concerns.
 */
export function tagsOf({ subject, orgid, partitionkey, data }: EventEnvelope): string[] {
  const tags = new Set([entityTag(subject)]);
  // The key of an event that belongs to no organisation is its user.
  tags.add(orgid === undefined ? userTag(partitionkey) : organizationTag(orgid));
  for (const [name, value] of Object.entries(data)) {
    for (const id of idsIn(name, value)) {
      tags.add(entityTag(id));
      if (name.startsWith("organizationId")) tags.add(organizationTag(id));
      if (name.startsWith("userId")) tags.add(userTag(id));
    }
  }
  return [...tags];
}

function idsIn(name: string, value: unknown): string[] {
  if (name.endsWith("Id")) return typeof value === "string" ? [value] : [];
  if (!name.endsWith("Ids") || !Array.isArray(value)) return [];
  return value.filter((id) => typeof id === "string");
}
