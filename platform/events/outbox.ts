/**
 * The only way to publish: events become outbox rows in the transaction of the change they report, so a committed
 * change always has its events and a rolled-back one never does. The relay moves the rows to the event log.
 */
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { AppError } from "../errors/app-error.ts";
import type { IdSource } from "../ids.ts";
import type { EventContracts } from "./contracts.ts";
import type { Causation, DomainEvent, EventEnvelope } from "./envelope.ts";

/** Longest chain of events that cause events. Beyond it two consumers are feeding each other. */
const MAX_HOP = 16;

export interface OutboxOptions {
  readonly contracts: EventContracts;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** CloudEvents `source`, e.g. `/tributary/billing`. */
  readonly source: string;
  readonly topic: string;
}

export interface Outbox {
  /**
   * Writes the events of one change, in order; call it at the end of a transaction: it locks the streams of the events'
   * keys until the commit. Again in the same transaction only for the same keys, or two transactions may deadlock. The transaction's tenants must include every key.
   * @throws AppError `BAD_USER_INPUT` for an event above the size limit, `STATE_INVALID` for a causation loop.
   */
  append(tx: SqlTransaction, events: readonly DomainEvent[], causation: Causation): Promise<EventEnvelope[]>;
}

const sequenceRows = z.array(z.object({ last: z.string() })).length(1);

/* One statement per key, keys sorted: two transactions that share keys lock them in the same order. */
const TAKE_SEQUENCES = `
  INSERT INTO stream_head AS head (topic, tenant_id, last_sequence) VALUES ($1, $2, $3::bigint)
  ON CONFLICT (topic, tenant_id) DO UPDATE SET last_sequence = head.last_sequence + EXCLUDED.last_sequence
  RETURNING last_sequence::text AS last`;

const INSERT_ROWS = `
  WITH written AS (
    INSERT INTO outbox (event_id, topic, tenant_id, envelope)
    SELECT row.event_id, $1, row.tenant_id, row.envelope
    FROM json_to_recordset($2::json) AS row (event_id uuid, tenant_id text, envelope text)
  )
  SELECT pg_notify('outbox', '')::text`;

export function createOutbox({ contracts, clock, ids, source, topic }: OutboxOptions): Outbox {
  return {
    async append(tx, events, causation) {
      if (events.length === 0) return [];
      if (causation.hop > MAX_HOP) {
        throw new AppError("STATE_INVALID", `more than ${MAX_HOP} events caused each other: ${events[0]?.type ?? ""}`);
      }
      const perKey = new Map<string, number>();
      for (const { key } of events) perKey.set(key, (perKey.get(key) ?? 0) + 1);
      const nextSequence = new Map<string, bigint>();
      for (const key of [...perKey.keys()].sort()) {
        const amount = perKey.get(key) ?? 0;
        const [row] = sequenceRows.parse(await tx.$queryRawUnsafe(TAKE_SEQUENCES, topic, key, amount));
        nextSequence.set(key, BigInt(row?.last ?? 0) - BigInt(amount) + 1n);
      }
      const time = clock.now().toISOString();
      const envelopes = events.map((event) => {
        const sequence = nextSequence.get(event.key) ?? 1n;
        nextSequence.set(event.key, sequence + 1n);
        return envelopeOf(event, causation, { id: ids.uuid(), source, time, sequence });
      });
      const rows = envelopes.map((envelope) => ({
        event_id: envelope.id,
        tenant_id: envelope.partitionkey,
        envelope: contracts.encodeEvent(envelope),
      }));
      await tx.$queryRawUnsafe(INSERT_ROWS, topic, JSON.stringify(rows));
      return envelopes;
    },
  };
}

interface Stamp {
  readonly id: string;
  readonly source: string;
  readonly time: string;
  readonly sequence: bigint;
}

function envelopeOf(event: DomainEvent, causation: Causation, stamp: Stamp): EventEnvelope {
  return {
    specversion: "1.0",
    id: stamp.id,
    source: stamp.source,
    type: event.type,
    time: stamp.time,
    subject: event.subject,
    datacontenttype: "application/json",
    data: { ...event.data },
    partitionkey: event.key,
    sequence: String(stamp.sequence),
    ...(event.organizationId === undefined ? {} : { orgid: event.organizationId }),
    actorkind: causation.actorKind,
    ...(causation.actorId === undefined ? {} : { actorid: causation.actorId }),
    ...(causation.sessionId === undefined ? {} : { sessionid: causation.sessionId }),
    ...(causation.clientIp === undefined ? {} : { clientip: causation.clientIp }),
    ...(causation.userAgent === undefined ? {} : { useragent: causation.userAgent }),
    aggregateversion: event.aggregateVersion,
    correlationid: causation.correlationId,
    ...(causation.causationId === undefined ? {} : { causationid: causation.causationId }),
    hop: causation.hop,
    ...(causation.traceparent === undefined ? {} : { traceparent: causation.traceparent }),
  };
}
