/** What the live room counts about itself. Plain numbers without names of anybody, and cheap enough for every frame. */
import { AppError } from "../../platform/errors/app-error.ts";
import type { SubscriberSink } from "./delivery/subscriber.ts";
import type { TailLag } from "./log/arrears.ts";
import type { ResyncReason } from "./log/resync.ts";

/** Upper bounds in seconds, and how many observations lie at or below each. */
export interface Histogram {
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** Numbers since the start, unless said otherwise. */
export interface LiveCounters {
  /** Sockets open now. */
  readonly connectionsOpen: number;
  readonly connectionsTotal: number;
  /** Now, over all transports. */
  readonly subscriptions: number;
  /** Distinct (operation, variables, audience, key) now: what is enriched once per event. */
  readonly distinctOperations: number;
  readonly eventsIn: number;
  readonly framesOut: number;
  readonly enrichments: number;
  /**
   * Requests to subgraphs for enrichments; what one turn of the event loop wants of a subgraph for one audience goes
   * out together.
   */
  readonly enrichmentFetches: number;
  /** Of these, those that asked again because an entity was older than its event. */
  readonly staleRefetches: number;
  /** Queries for snapshots, each shared by those who asked before it began. */
  readonly snapshots: number;
  /** Parts of catch-ups under way now, and those that wait for their turn. */
  readonly catchUps: { readonly running: number; readonly waiting: number };
  /** Subscriptions that began behind the newest event. */
  readonly replays: number;
  /** Reads of the log for subscriptions behind the rings. */
  readonly replayReads: number;
  /** How far each followed partition is behind the log. */
  readonly tails: readonly TailLag[];
  readonly resyncs: Readonly<Record<ResyncReason, number>>;
  /** Sockets and streams closed because their reader did not keep up. */
  readonly slowCloses: number;
  /** Events in the rings now. */
  readonly ringEvents: number;
  /** Bytes of their text. */
  readonly ringBytes: number;
  /** From the log's storing an event to its being written to all attached subscribers of an operation, in seconds. */
  readonly latency: Histogram;
}

/** The counts that only grow; what is so now is asked where it is known. */
export interface LiveMeter {
  connectionsOpen: number;
  connectionsTotal: number;
  eventsIn: number;
  framesOut: number;
  enrichments: number;
  enrichmentFetches: number;
  staleRefetches: number;
  snapshots: number;
  replays: number;
  slowCloses: number;
  readonly resyncs: Record<ResyncReason, number>;
  observeLatency(seconds: number): void;
  latency(): Histogram;
}

const RESYNC_REASONS: readonly ResyncReason[] = [
  "RETENTION",
  "TOPIC_RECREATED",
  "FOREIGN_CURSOR",
  "UNKNOWN_PARTITION",
  "GAP",
];
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];

export function createLiveMeter(): LiveMeter {
  const counts = BOUNDS.map(() => 0);
  let sum = 0;
  let count = 0;
  return {
    connectionsOpen: 0,
    connectionsTotal: 0,
    eventsIn: 0,
    framesOut: 0,
    enrichments: 0,
    enrichmentFetches: 0,
    staleRefetches: 0,
    snapshots: 0,
    replays: 0,
    slowCloses: 0,
    resyncs: { RETENTION: 0, TOPIC_RECREATED: 0, FOREIGN_CURSOR: 0, UNKNOWN_PARTITION: 0, GAP: 0 },
    observeLatency(seconds) {
      // The log's clock may be ahead of ours.
      const value = Math.max(0, seconds);
      sum += value;
      count += 1;
      const index = BOUNDS.findIndex((bound) => value <= bound);
      if (index >= 0) counts[index] = (counts[index] ?? 0) + 1;
    },
    latency() {
      let below = 0;
      const buckets = BOUNDS.map((le, index) => {
        below += counts[index] ?? 0;
        return { le, count: below };
      });
      return { buckets, sum, count };
    },
  };
}

export function countResync(meter: LiveMeter, error: unknown): void {
  if (!(error instanceof AppError) || error.code !== "RESYNC_REQUIRED") return;
  const reason = error.details?.["reason"];
  for (const resyncReason of RESYNC_REASONS) if (resyncReason === reason) meter.resyncs[resyncReason] += 1;
}

export interface MeteredSink extends SubscriberSink {
  /** Messages that went through. */
  readonly delivered: number;
}

/** The same sink, counted. */
export function meteredSink(sink: SubscriberSink, meter: LiveMeter): MeteredSink {
  let delivered = 0;
  return {
    get delivered() {
      return delivered;
    },
    next(frame) {
      meter.framesOut += 1;
      delivered += 1;
      sink.next(frame);
    },
    writable: () => sink.writable(),
    fail(error) {
      countResync(meter, error);
      sink.fail(error);
    },
  };
}
