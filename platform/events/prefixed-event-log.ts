/**
 * An event log whose topics and groups carry a prefix in the store, so that several installations can share one
 * cluster.
 */
import type { EventLog, LogRecord } from "./event-log.ts";

export function prefixedEventLog(log: EventLog, prefix: string): EventLog {
  if (prefix === "") return log;
  const add = (topic: string) => prefix + topic;
  const strip = (record: LogRecord): LogRecord => ({ ...record, topic: record.topic.slice(prefix.length) });
  return {
    start: () => log.start(),
    stop: () => log.stop(),
    ensureTopics: (topics) => log.ensureTopics(topics.map(add)),
    append: (topic, records) => log.append(add(topic), records),
    consume: (options) =>
      log.consume({
        group: add(options.group),
        topics: options.topics.map(add),
        onAssigned(assignment) {
          const consumer = options.onAssigned({ ...assignment, topic: assignment.topic.slice(prefix.length) });
          return { deliver: (records) => consumer.deliver(records.map(strip)), drain: () => consumer.drain() };
        },
      }),
    tail: (options) =>
      log.tail({
        ...options,
        topic: add(options.topic),
        onRecords: (partition, records) => options.onRecords(partition, records.map(strip)),
      }),
    read: async (request) => (await log.read({ ...request, topic: add(request.topic) })).map(strip),
    ranges: (topic) => log.ranges(add(topic)),
    committed: (group, topic) => log.committed(add(group), add(topic)),
    epoch: (topic) => log.epoch(add(topic)),
    partitionOf: (topic, key) => log.partitionOf(add(topic), key),
    check: () => log.check(),
  };
}
