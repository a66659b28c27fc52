/**
 * Evicts cached rows by the events of other processes; when events may have been missed, everything. Whom the events
 * are about reads from the primary for a moment.
 */
import type { CacheHandler } from "../../../platform/events/routing-table.ts";
import type { ConsumerServices } from "../services.ts";

export const rowEviction: CacheHandler<Pick<ConsumerServices, "rowCaches" | "cache" | "reads">> = {
  evict({ rowCaches, reads }, events) {
    reads?.noteEvents(events);
    const changes = events.map(({ subject, aggregateversion, partitionkey }) => ({
      subject,
      aggregateVersion: aggregateversion,
      key: partitionkey,
    }));
    return rowCaches.evict(changes);
  },
  clear: ({ cache }) => cache.clear(),
};
