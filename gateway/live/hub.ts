/**
 * The core of the live room. It holds one tail per topic and one stream per distinct (operation, key, audience).
 * Subscriptions begin at an exact position of the log and survive a change of the schema.
 */
import { AppError } from "../../platform/errors/app-error.ts";
import { backoffMs, systemSleep } from "../../platform/events/backoff.ts";
import { subgraphOfTopic } from "../../platform/graphql/subgraph-definition.ts";
import type { LivePorts, LiveTransport, SchemaGeneration } from "../ports.ts";
import { createOrganizationQuota } from "./access/organization-quota.ts";
import { denial, missingPermission, streamOf } from "./access/stream-authorization.ts";
import type { AudienceStream } from "./delivery/audience-stream.ts";
import { subscribeToAudience } from "./delivery/audience-subscription.ts";
import { cursorBeforeSnapshot, resolveStart } from "./delivery/snapshot-cursor.ts";
import { createStreamRegistry } from "./delivery/stream-registry.ts";
import type { Subscriber, SubscriberSink } from "./delivery/subscriber.ts";
import type { Viewer } from "./delivery/viewer.ts";
import { createEnrichment } from "./enrichment/enrichment.ts";
import { evictBeforeDelivery } from "./enrichment/eviction.ts";
import { createCatchUpTurns } from "./log/catch-up-turns.ts";
import { createCursorCodec } from "./log/cursor.ts";
import { inTime } from "./log/deadline.ts";
import { startingPoint } from "./log/resume.ts";
import { resyncRequired } from "./log/resync.ts";
import { openTopicTail, type TopicTail } from "./log/tail.ts";
import { countResync, createLiveMeter, type LiveCounters, type LiveMeter, meteredSink } from "./metrics.ts";
import { NOTHING_LIVE, readLiveSchema } from "./plan/directive.ts";
import { type BoundPlan, createPlanner, type OperationText, type Variables } from "./plan/plan.ts";
import { registerSubscription } from "./registration.ts";

export interface SubscribeRequest extends OperationText {
  readonly variables?: Variables | undefined;
  /** Resume behind this cursor; the field's `after` argument goes before it. */
  readonly resume?: string | undefined;
  /** From a reader that reconnects by itself with the document as it was: goes before `after`. */
  readonly lastEventId?: string | undefined;
  readonly viewer: Viewer;
  readonly sink: SubscriberSink;
  /** What carries it; default: a socket. */
  readonly transport?: LiveTransport;
}

export interface Subscription extends Omit<Subscriber, "position"> {
  readonly field: string;
  /** Cursor behind everything that was sent. */
  cursor(): string;
}

export interface Hub {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Fixes the position before it resolves; sends nothing before `start()`.
   * @throws AppError or InvalidOperation, whatever is wrong with the request
   */
  subscribe(request: SubscribeRequest): Promise<Subscription>;
  /** Does anything ever arrive for this field of the root type `Subscription`? */
  serves(field: string): boolean;
  /** Subscriptions and the distinct streams they share. */
  counts(): { readonly subscriptions: number; readonly streams: number };
  /** What transports count into. */
  readonly meter: LiveMeter;
  counters(): LiveCounters;
}

type HubPorts = Pick<
  LivePorts,
  | "schema"
  | "eventLog"
  | "settings"
  | "logger"
  | "dataSources"
  | "publicErrors"
  | "parseDocument"
  | "admitOperation"
  | "subscriptionRegistry"
  | "planFeatures"
  | "eviction"
  | "evictionTopics"
  | "reportDenial"
>;

/** Pauses between tries to follow a topic. */
const RETRY = { baseMs: 200, capMs: 2_000 };

export function createHub(ports: HubPorts): Hub {
  const { eventLog, logger, settings, schema } = ports;
  // Without a log no event would ever arrive.
  const readLive = eventLog === undefined ? () => NOTHING_LIVE : readLiveSchema;
  const planner = createPlanner(ports.parseDocument, ports.admitOperation, readLive);
  const cursors = createCursorCodec(settings.CURSOR_SECRET);
  const tails = new Map<string, Promise<TopicTail>>();
  const openTopics = new Set<TopicTail>();
  const meter = createLiveMeter();
  const enrichment = createEnrichment(ports, meter);
  const turns = createCatchUpTurns();
  const streams = createStreamRegistry({ ...ports, enrichment, cursors, meter, turns });
  const ofOrganizations = createOrganizationQuota(ports);
  const stopping = new AbortController();
  /** Topics that wait for their next try. */
  const retrying = new Set<string>();
  let endListening: (() => void) | undefined;
  let subscriptions = 0;

  /** A failed opening is tried again by whoever asks next. */
  function tailOf(topic: string): Promise<TopicTail> {
    const existing = tails.get(topic);
    if (existing !== undefined) return existing;
    if (eventLog === undefined) throw new Error(`there is no event log that could hold ${topic}`);
    const opening = eventLog.ensureTopics([topic]).then(() =>
      openTopicTail({
        log: eventLog,
        topic,
        ring: { events: settings.LIVE_RING_EVENTS, bytes: settings.LIVE_RING_BYTES },
        logger,
        ...evictBeforeDelivery(ports.eviction),
        onEvent(event) {
          meter.eventsIn += 1;
          streams.wake(topic, event);
        },
        onLost(reason, concerns) {
          for (const { topic: followed, key, stream } of streams.all()) {
            if (followed === topic && concerns(key)) stream.fail(resyncRequired(reason));
          }
        },
      }),
    );
    tails.set(topic, opening);
    opening.then(
      (tail) => openTopics.add(tail),
      () => tails.delete(topic),
    );
    return opening;
  }

  /** Resolves after the first try. Goes on until the topic is followed: nobody else evicts what its events make old. */
  async function follow(topic: string, failures = 0): Promise<void> {
    try {
      await tailOf(topic);
    } catch (error) {
      if (stopping.signal.aborted) return;
      logger.error({ err: error, topic }, "no live tail yet");
      void ports.eviction?.evictAll();
      // A schema that is taken up meanwhile asks for the same topic.
      if (retrying.has(topic)) return;
      retrying.add(topic);
      void systemSleep(backoffMs(RETRY, failures + 1), stopping.signal).then(() => {
        retrying.delete(topic);
        if (!stopping.signal.aborted) void follow(topic, failures + 1);
      });
    }
  }

  async function openTails(generation: SchemaGeneration): Promise<void> {
    if (eventLog === undefined) return;
    const { fields, problems } = planner.liveSchema(generation);
    for (const problem of problems) logger.error({ problem, generation: generation.id }, "a live field is unusable");
    const topics = new Set([...fields.values()].map(({ topic }) => topic).concat(ports.evictionTopics ?? []));
    await Promise.all([...topics].map((topic) => follow(topic)));
  }

  /** The newest plan of an operation whose stream must stay the one that was asked for. */
  function replan(
    followed: Pick<AudienceStream, "bound" | "topic" | "variables">,
    generation: SchemaGeneration,
  ): BoundPlan {
    const bound = planner.plan(generation, followed.bound.plan.text).bind(followed.variables);
    const { field } = bound.plan;
    if (field.topic !== followed.topic || field.keyArgument !== followed.bound.plan.field.keyArgument) {
      throw new Error("the field stands for another stream now");
    }
    return bound;
  }

  function onGeneration(generation: SchemaGeneration): void {
    void openTails(generation);
    for (const followed of streams.all()) {
      try {
        followed.bound = replan(followed, generation);
      } catch (cause) {
        const message = "The schema has changed and this operation is no longer valid: subscribe with a valid one.";
        followed.stream.fail(new AppError("SCHEMA_CHANGED", message, { cause }));
      }
    }
  }

  const hub: Hub = {
    async start() {
      endListening ??= schema.onChange(onGeneration);
      await openTails(schema.current());
    },
    async stop() {
      stopping.abort();
      endListening?.();
      endListening = undefined;
      const opened = await Promise.allSettled(tails.values());
      tails.clear();
      openTopics.clear();
      await Promise.all(opened.map((tail) => (tail.status === "fulfilled" ? tail.value.stop() : undefined)));
    },
    async subscribe(request) {
      const { variables } = request;
      const sink = meteredSink(request.sink, meter);
      // One object per subscription, also when a socket holds several of the same.
      const viewer: Viewer = { ...request.viewer };
      let bound = planner.plan(schema.current(), request).bind(request.variables);
      const { field } = bound.plan;
      const { topic } = field;
      const name = streamOf(field, bound.args, viewer.identity());
      const refused = denial(field, name, viewer.identity());
      if (refused !== undefined) {
        const missing = missingPermission(field, name, viewer.identity());
        const denied = { identity: viewer.identity(), client: viewer.client };
        if (missing !== undefined) void ports.reportDenial?.(subgraphOfTopic(topic), { ...denied, denial: missing });
        throw refused;
      }
      const after = bound.args["after"];
      const [tail, planLimit] = await Promise.all([
        inTime(tailOf(topic)),
        name.organizationId === undefined ? undefined : ofOrganizations.planLimit(name.organizationId),
      ]);
      const resume = request.lastEventId ?? (typeof after === "string" ? after : request.resume);
      const snapshot = bound.args["snapshot"] === true;
      const begins = resolveStart(cursors, { topic, key: name.key, cursor: resume, snapshot });
      const start = await startingPoint(tail, name.key, begins.cursor, cursors);

      // From here on nothing waits: the stream is joined at the position that was found.
      if (bound.plan.generation !== schema.current()) {
        bound = replan({ bound, topic, variables }, schema.current());
      }
      if (name.organizationId !== undefined) ofOrganizations.assertAvailable(name.organizationId, planLimit);
      const { epoch } = tail;
      if (start.position < start.reader.head) meter.replays += 1;

      subscriptions += 1;
      if (name.organizationId !== undefined) ofOrganizations.take(name.organizationId);
      let leave = (): void => undefined;
      const subscriber = subscribeToAudience(streams, {
        topic,
        epoch,
        name,
        bound,
        variables,
        viewer,
        start,
        snapshot: begins.snapshot,
        sink,
        onEnd() {
          subscriptions -= 1;
          if (name.organizationId !== undefined) ofOrganizations.release(name.organizationId);
          leave();
        },
      });
      const { transport = "WEBSOCKET" } = request;
      leave = registerSubscription(ports.subscriptionRegistry, {
        subscriber,
        plan: bound.plan,
        name,
        viewer,
        transport,
        sink,
      });
      return {
        ...subscriber,
        field: field.name,
        cursor() {
          const { next, sequence, snapshotDue } = subscriber.position();
          const cursor = { topic, epoch, partition: start.partition, key: name.key, next, sequence };
          return snapshotDue ? cursorBeforeSnapshot(cursors, cursor) : cursors.encode(cursor);
        },
      };
    },
    serves: (field) => planner.liveSchema(schema.current()).fields.has(field),
    counts: () => ({ subscriptions, streams: streams.size }),
    meter,
    counters() {
      const { observeLatency: _, latency, resyncs, ...counts } = meter;
      const ringSizes = [...openTopics].map((tail) => tail.ringSize());
      return {
        ...counts,
        latency: latency(),
        resyncs: { ...resyncs },
        catchUps: turns.counts(),
        subscriptions,
        distinctOperations: streams.size,
        ringEvents: ringSizes.reduce((sum, { events }) => sum + events, 0),
        ringBytes: ringSizes.reduce((sum, { bytes }) => sum + bytes, 0),
        tails: [...openTopics].flatMap((tail) => tail.lags()),
        replayReads: [...openTopics].reduce((sum, tail) => sum + tail.replayReads, 0),
      };
    },
  };
  return {
    ...hub,
    async subscribe(request) {
      try {
        return await hub.subscribe(request);
      } catch (error) {
        countResync(meter, error);
        throw error;
      }
    },
  };
}
