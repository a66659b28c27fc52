/**
 * Evicts caches before events are delivered: a tail shows nobody an event before the data that it made stale is gone.
 */
import type { Eviction } from "../../ports.ts";
import type { TopicTailOptions } from "../log/tail.ts";

export function evictBeforeDelivery(
  eviction: Eviction | undefined,
): Pick<TopicTailOptions, "beforeEvents" | "onMissed"> {
  if (eviction === undefined) return {};
  return {
    async beforeEvents(events) {
      const envelopes = events.flatMap(({ envelope }) => envelope ?? []);
      // An event that cannot be read may have changed anything.
      await (envelopes.length < events.length ? eviction.evictAll() : eviction.evict(envelopes));
    },
    onMissed: () => void eviction.evictAll(),
  };
}
