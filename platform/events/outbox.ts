/**
 * The only way to publish. Events become outbox rows in the transaction of the change that they report. So a committed
 * change always has its events, and a rolled-back one never does. The relay moves the rows to the event log.
 */
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { afterCommit } from "../database/after-commit.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { AppError } from "../errors/app-error.ts";
import type { IdSource } from "../ids.ts";
import type { EventContracts } from "./contracts.ts";
import { type Causation, type DomainEvent, type EventEnvelope, MAX_HOP } from "./envelope.ts";

export interface OutboxOptions {
  readonly contracts: EventContracts;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** CloudEvents `source`, e.g. `/tributary/orders`. */
  readonly source: string;
  readonly topic: string;
  /** Woken after each commit with events. Absent: the relay finds them by its poll. */
  readonly relay?: RelayWake;
}

/** A change that the statement of the append makes too. */
export interface SideChange {
  /** INSERT, UPDATE or DELETE. One text for all its calls, since it is prepared; its only parameter is `$1`. */
  readonly sql: string;
  /** Others, of other rows; none sees what another does. */
  readonly also?: readonly string[];
  readonly json: string;
}

/** The relay that moves an outbox's rows. */
export interface RelayWake {
  /** Rows are committed. Never throws: the relay's poll finds what it is not told of. */
  readonly wake: () => void;
}

/** An event with a cause of its own. */
export interface CausedEvent {
  readonly event: DomainEvent;
  readonly causation: Causation;
}

export interface Outbox {
  /**
   * Writes the events of one change, in order and in one statement; call it at the end of a transaction: it locks the
   * streams of the events' keys until the commit. Again in the same transaction only for the same keys, or two
   * transactions may deadlock. The transaction's tenants must include every key.
   * @throws AppError `BAD_USER_INPUT` for an event above the size limit, `STATE_INVALID` for a causation loop.
   */
  append(
    tx: SqlTransaction,
    events: readonly DomainEvent[],
    causation: Causation,
    side?: SideChange,
  ): Promise<EventEnvelope[]>;
  /** The same for events whose causes differ. */
  appendCaused(tx: SqlTransaction, events: readonly CausedEvent[], side?: SideChange): Promise<EventEnvelope[]>;
  /** Tells the relay of what this transaction wrote to the outbox itself, once it has committed. */
  wakeAfterCommit(): void;
}

/**
 * Takes each key's sequences and writes the rows that bear them. The keys are sorted, so two transactions that share
 * some lock them in the same order; a row's position is taken after its key's lock, so positions and sequences are in
 * the same order.
 */
const APPEND = `
  WITH head AS (
    INSERT INTO stream_head AS head (topic, tenant_id, last_sequence)
    SELECT $2, key, amount FROM json_to_recordset($3::json) AS wanted (key text, amount bigint) ORDER BY key COLLATE "C"
    ON CONFLICT (topic, tenant_id) DO UPDATE SET last_sequence = head.last_sequence + EXCLUDED.last_sequence,
      changed_at = now()
    RETURNING tenant_id, last_sequence
  ), written AS (
    INSERT INTO outbox (event_id, topic, tenant_id, envelope)
    SELECT event_id, $2, tenant_id, opening || (last_sequence - later) || closing
    FROM json_to_recordset($4::json) AS event (n int, event_id uuid, tenant_id text, later bigint, opening text, closing text)
    JOIN head USING (tenant_id) ORDER BY n
  ), side AS (SIDE)
  SELECT tenant_id AS key, last_sequence::text AS last FROM head`;

const headRows = z.array(z.object({ key: z.string(), last: z.string() }));

/** Never sent: where there is no side change, its parameter still needs a type. */
const NO_SIDE: SideChange = { sql: "SELECT $1::json", json: "null" };

export function createOutbox({ contracts, clock, ids, source, topic, relay }: OutboxOptions): Outbox {
  // Not NOTIFY within the transaction: Postgres lets the commits of all databases that notify pass one at a time, each
  // under a lock that it holds until its WAL is on disk (PreCommit_Notify).
  function wakeAfterCommit(): void {
    if (relay !== undefined) afterCommit(relay.wake);
  }

  async function appendCaused(
    tx: SqlTransaction,
    events: readonly CausedEvent[],
    side: SideChange = NO_SIDE,
  ): Promise<EventEnvelope[]> {
    if (events.length === 0) return [];
    const amounts = new Map<string, number>();
    for (const { event, causation } of events) {
      if (causation.hop > MAX_HOP) {
        throw new AppError("STATE_INVALID", `more than ${MAX_HOP} events caused each other: ${event.type}`);
      }
      amounts.set(event.key, (amounts.get(event.key) ?? 0) + 1);
    }
    const left = new Map(amounts);
    const time = clock.now().toISOString();
    const drafts = events.map(({ event, causation }) => {
      const later = (left.get(event.key) ?? 1) - 1;
      left.set(event.key, later);
      return { later, envelope: envelopeOf(event, causation, { id: ids.uuid(), source, time }) };
    });
    const rows = drafts.map(({ later, envelope }, n) => {
      const { id, partitionkey } = envelope;
      return { n, event_id: id, tenant_id: partitionkey, later, ...aroundSequence(contracts.encodeEvent(envelope)) };
    });
    const wanted = [...amounts].map(([key, amount]) => ({ key, amount }));
    const statement = APPEND.replace("SIDE", () => changesOf(side));
    const heads = headRows.parse(
      await tx.$queryRawUnsafe(statement, side.json, topic, JSON.stringify(wanted), JSON.stringify(rows)),
    );
    wakeAfterCommit();
    const last = new Map(heads.map(({ key, last }) => [key, BigInt(last)]));
    return drafts.map(({ later, envelope }) => {
      const sequence = String((last.get(envelope.partitionkey) ?? 0n) - BigInt(later));
      return { ...envelope, sequence };
    });
  }

  return {
    append: (tx, events, causation, side) =>
      appendCaused(
        tx,
        events.map((event) => ({ event, causation })),
        side,
      ),
    appendCaused,
    wakeAfterCommit,
  };
}

function changesOf({ sql, also = [] }: SideChange): string {
  return [sql, ...also.map((other, n) => `also${n} AS (${other}`)].join("), ");
}

/**
 * Stands for the sequence, which the database knows: as long as the largest, so that no event outgrows the limit when
 * it gets its own.
 */
const ANY_SEQUENCE = "9223372036854775807";
const CLOSING = '"}';

/** The text of an envelope before and after its sequence, which is its last member. */
function aroundSequence(text: string): { readonly opening: string; readonly closing: string } {
  const end = `"sequence":"${ANY_SEQUENCE}${CLOSING}`;
  if (!text.endsWith(end)) throw new Error("the sequence is not the last member of the envelope");
  return { opening: text.slice(0, -(ANY_SEQUENCE.length + CLOSING.length)), closing: CLOSING };
}

interface Stamp {
  readonly id: string;
  readonly source: string;
  readonly time: string;
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
    sequence: ANY_SEQUENCE,
  };
}
