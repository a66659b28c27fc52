/**
 * The event envelope: CloudEvents 1.0, JSON format, with the registered extensions `partitionkey`, `sequence`
 * and `traceparent`, and our own `orgid`, `actor…`, `aggregateversion`, `correlationid`, `causationid`, `hop`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import { z } from "zod";
import type { OrganizationId, TenantId } from "../auth/principal-ids.ts";

export const envelopeSchema = z.object({
  specversion: z.literal("1.0"),
  /** UUIDv7; every consumer deduplicates by it. */
  id: z.uuid(),
  /** Producing subgraph, e.g. `/tributary/orders`. */
  source: z.string().min(1),
  /** `<subgraph>.<aggregate>.<past tense>.v<major>`, e.g. `orders.order.shipped.v1`. */
  type: z.string().regex(/^[a-z]+(\.[a-z_]+)+\.v[1-9]\d*$/),
  /** RFC 3339 UTC: when it happened, not when it was published. */
  time: z.iso.datetime(),
  /** Id of the aggregate that changed. */
  subject: z.string().min(1),
  datacontenttype: z.literal("application/json"),
  data: z.record(z.string(), z.unknown()),
  /** Organisation id, or user id for an event without one. All events of a key are in one partition, in order. */
  partitionkey: z.string().min(1),
  orgid: z.string().optional(),
  actorkind: z.enum(["USER", "SERVICE", "ANONYMOUS"]),
  actorid: z.string().optional(),
  sessionid: z.string().optional(),
  clientip: z.string().optional(),
  useragent: z.string().optional(),
  aggregateversion: z.int().nonnegative(),
  /** One id for everything that follows from one request. */
  correlationid: z.string().min(1),
  /** Id of the event that caused this one; absent when a request did. */
  causationid: z.string().optional(),
  /** Length of the causation chain, a guard against event loops. */
  hop: z.int().nonnegative(),
  traceparent: z.string().optional(),
  /**
   * Decimal counter per (topic, partitionkey), starting at 1, without gaps: a jump means a lost event, a repeat a
   * duplicate. Last, as the outbox writes it: what is read and written again is the same text.
   */
  sequence: z.string().regex(/^[1-9]\d*$/),
});

/** Longest chain of events that cause events. Beyond it two consumers are feeding each other. */
export const MAX_HOP = 16;

export type EventEnvelope = z.infer<typeof envelopeSchema>;

/**
 * What an event says has changed, without when, by whom and in which order. A subgraph of another release may leave out
 * the id.
 */
export const changeSchema = envelopeSchema
  .pick({ id: true, type: true, subject: true, orgid: true, partitionkey: true, data: true })
  .partial({ id: true });

export type Change = z.infer<typeof changeSchema>;

/** Who and what caused a change: copied from the request (or from the event being handled) into new events. */
export interface Causation {
  readonly actorKind: EventEnvelope["actorkind"];
  readonly actorId?: string;
  readonly sessionId?: string;
  readonly clientIp?: string;
  readonly userAgent?: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly hop: number;
  readonly traceparent?: string;
  /** Asked by each transaction of a command before its first statement. @throws when nobody waits and none has begun */
  readonly onBegin?: () => void;
  /** Told of the events that a command appended, after its commit and before the command is answered. */
  readonly onAppended?: (events: readonly EventEnvelope[]) => void;
}

/** What a command says happened; the outbox adds the rest of the envelope. */
export interface DomainEvent {
  readonly type: string;
  /** Id of the aggregate. */
  readonly subject: string;
  readonly aggregateVersion: number;
  /** Ordering key and owner: the organisation id, or the user id where there is no organisation. */
  readonly key: TenantId;
  readonly organizationId?: OrganizationId;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The causation of events that a consumer emits while it handles `event`. */
export function causedBy(event: EventEnvelope): Causation {
  return {
    actorKind: event.actorkind,
    ...(event.actorid === undefined ? {} : { actorId: event.actorid }),
    ...(event.sessionid === undefined ? {} : { sessionId: event.sessionid }),
    ...(event.clientip === undefined ? {} : { clientIp: event.clientip }),
    ...(event.useragent === undefined ? {} : { userAgent: event.useragent }),
    correlationId: event.correlationid,
    causationId: event.id,
    hop: event.hop + 1,
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  };
}
