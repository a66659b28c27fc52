// A group consumer for tests: records what it is given and commits at once, or only when told.
import type { GroupConsumeOptions, LogRecord, PartitionAssignment } from "../../../platform/events/event-log.ts";

export interface GroupRecorder {
  readonly onAssigned: GroupConsumeOptions["onAssigned"];
  readonly seen: LogRecord[];
  /** The partitions held now. */
  assigned(): number[];
  /** Commits on every partition that delivered something; for `hold`. */
  commitUpTo(next: bigint): void;
  rejections(): number;
}

export function groupRecorder(options: { hold?: boolean; rejectFirst?: boolean } = {}): GroupRecorder {
  const seen: LogRecord[] = [];
  const held = new Map<number, PartitionAssignment>();
  const delivering = new Set<PartitionAssignment>();
  let rejections = 0;
  return {
    seen,
    assigned: () => [...held.keys()],
    commitUpTo(next) {
      for (const assignment of delivering) assignment.commit(next);
    },
    rejections: () => rejections,
    onAssigned(assignment) {
      held.set(assignment.partition, assignment);
      assignment.signal.addEventListener("abort", () => {
        if (held.get(assignment.partition) === assignment) held.delete(assignment.partition);
      });
      return {
        async deliver(records) {
          if (options.rejectFirst === true && rejections === 0) {
            rejections += 1;
            throw new Error("rejected on purpose");
          }
          delivering.add(assignment);
          seen.push(...records);
          const last = records.at(-1);
          if (options.hold !== true && last !== undefined) assignment.commit(last.offset + 1n);
        },
        drain: () => Promise.resolve(),
      };
    },
  };
}
