/**
 * A shared stream with what it is made of: which operation, over which key, for which audience. Turns an event into the
 * text of a frame for this audience; whoever joins sees exactly that.
 */
import { GraphQLError } from "graphql";
import { childTrace, newTrace, parseTraceparent } from "../../../platform/tracing/trace-context.ts";
import type { GatewayContext, LivePorts } from "../../ports.ts";
import type { Audience } from "../access/stream-authorization.ts";
import type { Enrichment } from "../enrichment/enrichment.ts";
import type { CatchUpTurns } from "../log/catch-up-turns.ts";
import type { CursorCodec } from "../log/cursor.ts";
import type { LiveEvent, ReadableEvent } from "../log/event.ts";
import type { KeyReader } from "../log/key-reader.ts";
import type { LiveMeter } from "../metrics.ts";
import type { BoundPlan, Variables } from "../plan/plan.ts";
import { concerns, passes } from "../plan/record.ts";
import { type Frame, frameText } from "./frame-text.ts";
import { createSharedStream, type SharedStream } from "./shared-stream.ts";
import { snapshotEvent, snapshotFailure } from "./snapshot-event.ts";
import { createSnapshots, type SnapshotPlace, type Snapshots } from "./snapshots.ts";
import type { InTurn } from "./subscriber.ts";
import type { Viewer } from "./viewer.ts";

/** What tells one stream from another. */
export interface StreamFacts {
  /** Equal for those who see the same. */
  readonly id: string;
  readonly topic: string;
  /** Of the topic when the stream began. */
  readonly epoch: string;
  readonly key: string;
  readonly audience: Audience;
  readonly variables: Variables | undefined;
}

export interface AudienceStream extends StreamFacts {
  readonly stream: SharedStream;
  /** Of what the stream is about, for those who begin with one. */
  readonly snapshots: Snapshots;
  /** Does one part of a follower's catching up, when it is its tenant's turn. */
  readonly inTurn: InTurn;
  /** Everybody who follows it. */
  readonly viewers: Set<Viewer>;
  /** Changes with the schema, between two events. */
  bound: BoundPlan;
}

export interface AudienceStreamPorts extends Pick<LivePorts, "logger" | "publicErrors"> {
  readonly enrichment: Enrichment;
  readonly cursors: CursorCodec;
  readonly meter: LiveMeter;
  readonly turns: CatchUpTurns;
}

export interface AudienceStreamOptions {
  readonly facts: StreamFacts;
  readonly bound: BoundPlan;
  readonly reader: KeyReader;
  readonly partition: number;
  /** Speaks for the audience while nobody has joined yet. */
  readonly first: Viewer;
}

export function createAudienceStream(ports: AudienceStreamPorts, options: AudienceStreamOptions): AudienceStream {
  const { enrichment, cursors, meter, turns, logger } = ports;
  const { facts, reader, partition, first } = options;
  const viewers = new Set<Viewer>();

  function contextFor(event: ReadableEvent): GatewayContext {
    const cause = parseTraceparent(event.envelope.traceparent);
    const trace = cause === undefined ? newTrace() : childTrace(cause);
    // Any of the viewers will do: equal audiences are what made them share the stream.
    const viewer = viewers.values().next().value ?? first;
    const { identity } = facts.audience;
    return {
      identity: identity ?? viewer.identity(),
      // What is read for many is read for no client in particular.
      client: identity === undefined ? viewer.client : {},
      trace,
      logger: logger.child({ traceId: trace.traceId }),
      forwardedHeaders: {},
    };
  }

  /** Audiences of several operations of a key are one scope; whoever acts as himself is one for each of his sockets. */
  const scopeOf = ({ identity }: GatewayContext) =>
    facts.audience.identity === undefined ? identity : `${facts.key}\n${facts.audience.key}`;

  async function render(event: LiveEvent): Promise<Frame> {
    const { bound } = audienceStream;
    const { field } = bound.plan;
    // Whoever is offered it ends with a gap.
    if (event.envelope === null) return null;
    if (!concerns(field, event.envelope) || !passes(field, bound.args, event.envelope)) return null;
    meter.enrichments += 1;
    const context = contextFor(event);
    const { topic, epoch, key } = facts;
    const { partition, offset, sequence } = event;
    const cursor = cursors.encode({ topic, epoch, partition, key, next: offset + 1n, sequence });
    try {
      return frameText(await enrichment.answer(bound, event, context, scopeOf(context)), { cursor });
    } catch (error) {
      // An answer that is no JSON: the event is told of all the same, and the stream goes on.
      const originalError = error instanceof Error ? error : new Error(String(error));
      const errors = ports.publicErrors([new GraphQLError(originalError.message, { originalError })], context);
      return frameText({ data: "null", errors }, { cursor });
    }
  }

  async function snapshot({ position, sequence }: SnapshotPlace): Promise<string> {
    const { bound } = audienceStream;
    const { topic, epoch, key } = facts;
    meter.snapshots += 1;
    const event = snapshotEvent(bound, key);
    const context = contextFor(event);
    const answer = await enrichment.answer(bound, event, context, scopeOf(context));
    const failure = snapshotFailure(answer);
    if (failure !== undefined) throw failure;
    const cursor = cursors.encode({ topic, epoch, partition, key, next: position, sequence });
    return frameText(answer, { cursor, snapshot: true });
  }

  const stream = createSharedStream({
    reader,
    render,
    onDelivering: turns.giveWayTo,
    onDelivered({ appendedAt }) {
      if (appendedAt !== undefined) meter.observeLatency((Date.now() - appendedAt) / 1_000);
    },
  });
  const audienceStream: AudienceStream = {
    ...facts,
    stream,
    snapshots: createSnapshots({ reader, query: (place) => turns.take(facts.key, () => snapshot(place)) }),
    inTurn: (part, weigh) => turns.take(facts.key, part, weigh),
    viewers,
    bound: options.bound,
  };
  return audienceStream;
}
