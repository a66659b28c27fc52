/** What a chain itself says was not recorded: events that could not be, and were not recorded later either. */
import { z } from "zod";
import type { ChainedEntry } from "./entry-hash.ts";

const gapSchema = z.object({
  deadLetterId: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.string(),
  eventId: z.string().nullable(),
  eventType: z.string().nullable(),
});

export type Gap = z.infer<typeof gapSchema>;

const UNRECORDED = "audit.event.unrecorded";

/** Sees a chain's entries in order. */
export function createGaps() {
  const gaps = new Map<string, Gap>();
  return {
    see({ action, metadata, eventId }: Pick<ChainedEntry, "action" | "metadata" | "eventId">): void {
      if (action === UNRECORDED) {
        const { data } = gapSchema.safeParse(metadata);
        // Every such entry has these facts; one that somebody changed is the verification's to find.
        if (data !== undefined) gaps.set(data.eventId?.toLowerCase() ?? data.deadLetterId, data);
      } else {
        gaps.delete(eventId);
      }
    },
    open: (): readonly Gap[] => [...gaps.values()],
  };
}

export function describeGap({ deadLetterId, topic, partition, offset, eventId, eventType }: Gap): string {
  const event = eventId === null ? "a record that cannot be read" : `${eventType ?? "the event"} ${eventId}`;
  return `${event}, ${topic} ${partition}/${offset}, dead letter ${deadLetterId}`;
}
