/** What `/health` and the metrics tell of the way of events through a process, as it was at the last look. */

/** One partition of what a consumer reads. */
export interface PartitionFlow {
  readonly topic: string;
  readonly partition: number;
  readonly lagEvents: number;
  /** Age of the oldest event that waits. */
  readonly lagSeconds: number;
  /** Since the group finished something of this partition; 0 while nothing waits. */
  readonly secondsSinceProgress: number;
}

export interface ConsumerFlow {
  readonly consumer: string;
  /** Empty while the log cannot be asked. */
  readonly partitions: readonly PartitionFlow[];
  /** Since the start of this process. */
  readonly rebuilds: number;
}

export interface OutboxFlow {
  readonly topic: string;
  /** Absent while the database does not tell. */
  readonly unsent?: number;
  /** Keys whose events wait since the log refuses one of them. */
  readonly heldKeys: number;
  /** Age of the oldest unsent row, in seconds. */
  readonly oldestSeconds?: number;
}

export interface EventFlowReport {
  readonly consumers: readonly ConsumerFlow[];
  readonly outboxes: readonly OutboxFlow[];
}
