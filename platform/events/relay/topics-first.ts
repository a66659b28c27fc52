/** Creates each topic before its first record: a row for one that is missing would hold up those behind it. */
import type { EventLog } from "../event-log.ts";

export function creatingTopics(log: Pick<EventLog, "append" | "ensureTopics">): Pick<EventLog, "append"> {
  const ready = new Set<string>();
  return {
    async append(topic, records) {
      if (!ready.has(topic)) await log.ensureTopics([topic]);
      ready.add(topic);
      await log.append(topic, records);
    },
  };
}
