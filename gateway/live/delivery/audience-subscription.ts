/**
 * One subscription and its audience. It joins the stream of all viewers who see the same. When the viewer's rights
 * change what they see, it moves to another stream at exactly its current position.
 */

import type { Identity } from "../../../platform/auth/identity.ts";
import type { AppError } from "../../../platform/errors/app-error.ts";
import { audienceOf, denial, type StreamName } from "../access/stream-authorization.ts";
import type { StartingPoint } from "../log/resume.ts";
import type { LiveField } from "../plan/directive.ts";
import type { BoundPlan, Variables } from "../plan/plan.ts";
import { valueAt } from "../plan/record.ts";
import type { AudienceStream } from "./audience-stream.ts";
import type { StreamRegistry } from "./stream-registry.ts";
import { createSubscriber, type Subscriber, type SubscriberSink } from "./subscriber.ts";
import type { Viewer } from "./viewer.ts";

export interface AudienceSubscriptionOptions {
  readonly topic: string;
  readonly epoch: string;
  readonly name: StreamName;
  readonly bound: BoundPlan;
  readonly variables: Variables | undefined;
  readonly viewer: Viewer;
  readonly start: StartingPoint;
  /** Begins with a snapshot. */
  readonly snapshot: boolean;
  readonly sink: SubscriberSink;
  /** Called once, however it ends. */
  readonly onEnd: () => void;
}

export function subscribeToAudience(registry: StreamRegistry, options: AudienceSubscriptionOptions): Subscriber {
  const { topic, epoch, name, variables, viewer, start, sink, onEnd } = options;
  let moving = false;

  function join(bound: BoundPlan, from: StartingPoint, withSnapshot: boolean) {
    const audience = audienceOf(bound.plan.field, name, viewer.identity());
    const { query, operationName } = bound.plan.text;
    const id = JSON.stringify([topic, name.key, audience.key, query, operationName ?? null, bound.variables]);
    const facts = { id, topic, epoch, key: name.key, audience, variables };
    const joined: AudienceStream = registry.enter({
      facts,
      bound,
      reader: from.reader,
      partition: from.partition,
      first: viewer,
    });
    const { latestBy } = bound.plan.field;
    joined.viewers.add(viewer);
    const subscriber = createSubscriber({
      stream: joined.stream,
      start: from,
      denial: denialOf(joined, name, viewer),
      sink,
      inTurn: joined.inTurn,
      snapshot: withSnapshot ? (position) => joined.snapshots.take(position) : undefined,
      latestOf: latestBy === undefined ? undefined : (envelope) => textOf(valueAt(envelope, latestBy)),
      onEnd(occupied) {
        joined.viewers.delete(viewer);
        if (!occupied) registry.leave(joined);
        if (!moving) onEnd();
      },
    });
    return { joined, subscriber };
  }

  let current = join(options.bound, start, options.snapshot);
  let started = false;
  return {
    position: () => current.subscriber.position(),
    start() {
      started = true;
      current.subscriber.start();
    },
    stop: () => current.subscriber.stop(),
    reconsider() {
      const { joined, subscriber } = current;
      const { field } = joined.bound.plan;
      const moves =
        joined.viewers.has(viewer) &&
        denial(field, name, viewer.identity()) === undefined &&
        audienceOf(field, name, viewer.identity()).key !== joined.audience.key;
      if (!moves) return subscriber.reconsider();
      const { next, sequence, snapshotDue } = subscriber.position();
      moving = true;
      subscriber.stop();
      moving = false;
      current = join(joined.bound, { ...start, position: next, sequence }, snapshotDue);
      if (started) current.subscriber.start();
    },
  };
}

/**
 * Asked for every frame. An identity never changes, nor does a field: other rights or another schema bring other
 * objects.
 */
function denialOf(joined: AudienceStream, name: StreamName, viewer: Viewer): () => AppError | undefined {
  let allowed: { readonly identity: Identity; readonly field: LiveField } | undefined;
  return () => {
    const identity = viewer.identity();
    const { field } = joined.bound.plan;
    if (allowed?.identity === identity && allowed.field === field) return undefined;
    const refused = denial(field, name, identity);
    allowed = refused === undefined ? { identity, field } : undefined;
    return refused;
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}
