/**
 * Brings events and subscribers together: a tail per topic, a shared stream per distinct (operation, variables, scope, key).
 * An event of a key that nobody follows costs its place in the ring and nothing else.
 */
import { GraphQLError } from "graphql";
import type { ClientFacts, Identity } from "../../platform/auth/identity.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { childTrace, newTrace, parseTraceparent } from "../../platform/tracing/trace-context.ts";
import type { GatewayContext, LivePorts, SchemaGeneration } from "../ports.ts";
import { createAllowance } from "./allowance.ts";
import { type Audience, audienceOf, denial, streamOf } from "./authority.ts";
import { createCursorCodec } from "./cursor.ts";
import { createEnrichment } from "./enrichment.ts";
import type { LiveEvent, ReadableEvent } from "./event.ts";
import type { KeyReader } from "./key-reader.ts";
import { countResync, createLiveMeter, type LiveCounters, type LiveMeter, meteredSink } from "./metrics.ts";
import { type BoundPlan, createPlanner, type OperationText, type Variables } from "./plan.ts";
import { concerns, passes } from "./record.ts";
import { type StartingPoint, startingPoint } from "./resume.ts";
import { resyncRequired } from "./resync.ts";
import { createSharedStream, type Frame, type SharedStream } from "./shared-stream.ts";
import { createSubscriber, type Subscriber, type SubscriberSink } from "./subscriber.ts";
import { openTopicTail, type TopicTail } from "./tail.ts";

/** Who subscribes. The identity changes while the subscription runs: grants come and go. */
export interface Viewer {
  readonly identity: () => Identity;
  readonly client: ClientFacts;
}

export interface SubscribeRequest extends OperationText {
  readonly variables?: Variables | undefined;
  /** Resume behind this cursor; the field's `after` argument goes before it. */
  readonly resume?: string | undefined;
  /** From a reader that reconnects by itself with the document as it was: goes before `after`. */
  readonly lastEventId?: string | undefined;
  readonly viewer: Viewer;
  readonly sink: SubscriberSink;
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
  /** Subscriptions and the distinct streams they share. */
  counts(): { readonly subscriptions: number; readonly streams: number };
  /** What transports count into. */
  readonly meter: LiveMeter;
  counters(): LiveCounters;
}

interface Entry {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly variables: Variables | undefined;
  readonly audience: Audience;
  readonly stream: SharedStream;
  readonly viewers: Set<Viewer>;
  bound: BoundPlan;
}

type HubPorts = Pick<
  LivePorts,
  "schema" | "eventLog" | "settings" | "logger" | "dataSources" | "publicErrors" | "parseDocument"
>;

export function createHub(ports: HubPorts): Hub {
  const { eventLog, logger, settings, schema } = ports;
  const planner = createPlanner(ports.parseDocument);
  const enrichment = createEnrichment(ports);
  const cursors = createCursorCodec(settings.CURSOR_SECRET);
  const tails = new Map<string, Promise<TopicTail>>();
  const entries = new Map<string, Entry>();
  const byKey = new Map<string, Set<Entry>>();
  const openTopics = new Set<TopicTail>();
  const meter = createLiveMeter();
  const ofOrganizations = createAllowance(settings.LIVE_SUBSCRIPTIONS_PER_ORGANIZATION);
  let endListening: (() => void) | undefined;
  let subscriptions = 0;

  const keyOf = (topic: string, key: string) => `${topic}\n${key}`;

  /** A failed opening is tried again by whoever asks next. */
  function tailOf(topic: string): Promise<TopicTail> {
    const known = tails.get(topic);
    if (known !== undefined) return known;
    const opening = eventLog.ensureTopics([topic]).then(() =>
      openTopicTail({
        log: eventLog,
        topic,
        ringEvents: settings.LIVE_RING_EVENTS,
        logger,
        onEvent(event) {
          meter.eventsIn += 1;
          for (const entry of byKey.get(keyOf(topic, event.key)) ?? []) entry.stream.wake(event);
        },
        onRecreated() {
          for (const entry of [...entries.values()]) {
            if (entry.topic === topic) entry.stream.fail(resyncRequired("TOPIC_RECREATED"));
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

  async function openTails(generation: SchemaGeneration): Promise<void> {
    const { fields, problems } = planner.liveSchema(generation);
    for (const problem of problems) logger.error({ problem, generation: generation.id }, "a live field is unusable");
    await Promise.all(
      [...new Set([...fields.values()].map(({ topic }) => topic))].map((topic) =>
        tailOf(topic).catch((error: unknown) => logger.error({ err: error, topic }, "no live tail yet")),
      ),
    );
  }

  function contextFor({ audience }: Entry, viewer: Viewer, event: ReadableEvent): GatewayContext {
    const cause = parseTraceparent(event.envelope.traceparent);
    const trace = cause === undefined ? newTrace() : childTrace(cause);
    return {
      identity: audience.identity ?? viewer.identity(),
      // What is read for many is read for no client in particular.
      client: audience.identity === undefined ? viewer.client : {},
      trace,
      logger: logger.child({ traceId: trace.traceId }),
      forwardedHeaders: {},
    };
  }

  async function render(entry: Entry, viewer: Viewer, epoch: string, event: LiveEvent): Promise<Frame> {
    const { bound, topic, key } = entry;
    const { field } = bound.plan;
    // Whoever is offered it ends with a gap.
    if (event.envelope === null) return null;
    if (!concerns(field, event.envelope) || !passes(field, bound.args, event.envelope)) return null;
    meter.enrichments += 1;
    const context = contextFor(entry, viewer, event);
    const { partition, offset, sequence } = event;
    const cursor = cursors.encode({ topic, epoch, partition, key, next: offset + 1n, sequence });
    const extensions = { tributary: { cursor } };
    try {
      return JSON.stringify({ ...(await enrichment.answer(bound, event, context)), extensions });
    } catch (error) {
      // An answer that is no JSON: the event is told of all the same, and the stream goes on.
      const originalError = error instanceof Error ? error : new Error(String(error));
      const errors = ports.publicErrors([new GraphQLError(originalError.message, { originalError })], context);
      return JSON.stringify({ data: null, errors, extensions });
    }
  }

  /** The newest plan of an operation whose stream must stay the one that was asked for. */
  function replan(entry: Pick<Entry, "bound" | "topic" | "variables">, generation: SchemaGeneration): BoundPlan {
    const bound = planner.plan(generation, entry.bound.plan.text).bind(entry.variables);
    const { field } = bound.plan;
    if (field.topic !== entry.topic || field.keyArgument !== entry.bound.plan.field.keyArgument) {
      throw new Error("the field stands for another stream now");
    }
    return bound;
  }

  function onGeneration(generation: SchemaGeneration): void {
    void openTails(generation);
    for (const entry of [...entries.values()]) {
      try {
        entry.bound = replan(entry, generation);
      } catch (cause) {
        const message = "The schema has changed and this operation is no longer valid: subscribe with a valid one.";
        entry.stream.fail(new AppError("SCHEMA_CHANGED", message, { cause }));
      }
    }
  }

  function enter(known: Omit<Entry, "stream" | "viewers">, viewer: Viewer, reader: KeyReader, epoch: string): Entry {
    const present = entries.get(known.id);
    if (present !== undefined) return present;
    const viewers = new Set<Viewer>();
    // Any of the viewers will do: equal scopes are what made them share the stream.
    const stream = createSharedStream({
      reader,
      render: (event) => render(entry, viewers.values().next().value ?? viewer, epoch, event),
      onDelivered({ appendedAt }) {
        if (appendedAt !== undefined) meter.observeLatency((Date.now() - appendedAt) / 1_000);
      },
    });
    const entry: Entry = { ...known, viewers, stream };
    entries.set(entry.id, entry);
    const slot = keyOf(entry.topic, entry.key);
    byKey.set(slot, (byKey.get(slot) ?? new Set()).add(entry));
    return entry;
  }

  function leave(entry: Entry): void {
    entries.delete(entry.id);
    const slot = keyOf(entry.topic, entry.key);
    const followers = byKey.get(slot);
    followers?.delete(entry);
    if (followers?.size === 0) byKey.delete(slot);
  }

  const hub: Hub = {
    async start() {
      endListening ??= schema.onChange(onGeneration);
      await openTails(schema.current());
    },
    async stop() {
      endListening?.();
      endListening = undefined;
      const opened = await Promise.allSettled(tails.values());
      tails.clear();
      openTopics.clear();
      await Promise.all(opened.map((tail) => (tail.status === "fulfilled" ? tail.value.stop() : undefined)));
    },
    async subscribe(request) {
      const { sink, variables } = request;
      // One object per subscription, also when a socket holds several of the same.
      const viewer: Viewer = { ...request.viewer };
      let bound = planner.plan(schema.current(), request).bind(request.variables);
      const { field } = bound.plan;
      const { topic } = field;
      const name = streamOf(field, bound.args, viewer.identity());
      const refused = denial(field, name, viewer.identity());
      if (refused !== undefined) throw refused;
      const after = bound.args["after"];
      const tail = await tailOf(topic);
      const resume = request.lastEventId ?? (typeof after === "string" ? after : request.resume);
      const start = await startingPoint(tail, name.key, resume, cursors);

      // From here on nothing waits: the stream is joined at the position that was found.
      if (bound.plan.generation !== schema.current()) {
        bound = replan({ bound, topic, variables }, schema.current());
      }
      if (name.organizationId !== undefined && ofOrganizations.isUsedUp(name.organizationId)) {
        const message = `The organization has its ${ofOrganizations.limit} live subscriptions here: end one first.`;
        throw new AppError("TOO_MANY_SUBSCRIPTIONS", message);
      }
      const { epoch } = tail;
      if (start.position < start.reader.head) meter.replays += 1;

      /** Joins the stream of the viewer's present audience. */
      function join(from: StartingPoint) {
        const audience = audienceOf(bound.plan.field, name, viewer.identity());
        const { query, operationName } = bound.plan.text;
        const id = JSON.stringify([topic, name.key, audience.key, query, operationName ?? null, bound.variables]);
        const entry = enter({ id, topic, key: name.key, variables, audience, bound }, viewer, from.reader, epoch);
        entry.viewers.add(viewer);
        subscriptions += 1;
        if (name.organizationId !== undefined) ofOrganizations.take(name.organizationId);
        const subscriber = createSubscriber({
          stream: entry.stream,
          start: from,
          denial: () => denial(entry.bound.plan.field, name, viewer.identity()),
          sink,
          onEnd(occupied) {
            subscriptions -= 1;
            if (name.organizationId !== undefined) ofOrganizations.giveBack(name.organizationId);
            entry.viewers.delete(viewer);
            if (!occupied) leave(entry);
          },
        });
        return { entry, audience, subscriber };
      }

      let joined = join(start);
      let started = false;
      return {
        field: field.name,
        cursor() {
          const position = joined.subscriber.position();
          return cursors.encode({ topic, epoch, partition: start.partition, key: name.key, ...position });
        },
        start() {
          started = true;
          joined.subscriber.start();
        },
        stop: () => joined.subscriber.stop(),
        reconsider() {
          const { entry, audience, subscriber } = joined;
          const { field: current } = entry.bound.plan;
          const moves =
            entry.viewers.has(viewer) &&
            denial(current, name, viewer.identity()) === undefined &&
            audienceOf(current, name, viewer.identity()).key !== audience.key;
          if (!moves) return subscriber.reconsider();
          // Other rights, another audience: goes on there, exactly where it stands here.
          const { next, sequence } = subscriber.position();
          subscriber.stop();
          bound = entry.bound;
          joined = join({ ...start, position: next, sequence });
          if (started) joined.subscriber.start();
        },
      };
    },
    counts: () => ({ subscriptions, streams: entries.size }),
    meter,
    counters() {
      const { observeLatency: _, latency, resyncs, ...counts } = meter;
      return {
        ...counts,
        latency: latency(),
        resyncs: { ...resyncs },
        subscriptions,
        distinctOperations: entries.size,
        ringEvents: [...openTopics].reduce((sum, tail) => sum + tail.size(), 0),
      };
    },
  };
  return {
    ...hub,
    async subscribe(request) {
      try {
        return await hub.subscribe({ ...request, sink: meteredSink(request.sink, meter) });
      } catch (error) {
        countResync(meter, error);
        throw error;
      }
    },
  };
}
