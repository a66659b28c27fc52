/** Evicts cached rows by the events of other processes; when events may have been missed, everything. */
import type { CacheHandler } from "../../../platform/events/routing-table.ts";
import type { ConsumerServices } from "../services.ts";

export const rowEviction: CacheHandler<Pick<ConsumerServices, "rowCaches" | "cache">> = {
  evict({ rowCaches }, events) {
    const changes = events.map(({ subject, aggregateversion, partitionkey }) => ({
      subject,
      aggregateVersion: aggregateversion,
      key: partitionkey,
    }));
    return rowCaches.evict(changes);
  },
  clear: ({ cache }) => cache.clear(),
};
