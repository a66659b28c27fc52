/** Statements on dead letters. Callers bring a transaction of the platform: no tenant's sees one. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { ReplayOutcome } from "../../../platform/events/replay.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { DeadLetterModel } from "../../../prisma/audit/generated/models/DeadLetter.ts";
import { type DeadLetter, DeadLetterStatus } from "../domain/dead-letter.ts";
import { DeadLetterId } from "../domain/ids.ts";
import type { AuditTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toDeadLetter(row: DeadLetterModel): DeadLetter {
  const { consumer, topic, partition, eventId, eventType, eventSequence, complete, attempts, failures } = row;
  const { firstFailedAt, lastFailedAt, superseded, replayId, replayRequestedAt, resolvedAt, resolvedBy } = row;
  return {
    id: DeadLetterId.require(row.id),
    consumer,
    topic,
    partition,
    offset: row.recordOffset,
    key: row.recordKey,
    eventId,
    eventType,
    eventSequence,
    payload: Buffer.from(row.payload).toString(),
    complete,
    lastError: row.reason,
    attempts,
    failures,
    firstFailedAt,
    lastFailedAt,
    status: storedEnum(DeadLetterStatus, row.status),
    superseded,
    replayId,
    replayRequestedAt,
    resolvedAt,
    resolvedBy,
    resolution: row.resolution,
  };
}

/** As a consumer reports it. */
export interface ReportedLetter
  extends Pick<
    DeadLetter,
    | "id"
    | "consumer"
    | "topic"
    | "partition"
    | "offset"
    | "key"
    | "eventId"
    | "eventType"
    | "eventSequence"
    | "payload"
    | "complete"
    | "lastError"
    | "attempts"
  > {
  /** What makes the same failure, recorded twice, known as such. */
  readonly identity: string;
  readonly failedAt: Date;
}

/* Only a later failure than the one that is known counts: the same record comes again after a crash. */
const STORE = `
  INSERT INTO dead_letter (
    id, identity, consumer, topic, partition, record_offset, record_key, event_id, event_type, event_sequence,
    payload, complete, reason, attempts, failures, first_failed_at, last_failed_at, status
  )
  SELECT id, identity, consumer, topic, partition, "offset", key, "eventId", "eventType", "eventSequence",
    decode(payload, 'base64'), complete, "lastError", attempts, 1, "failedAt", "failedAt", 'OPEN'
  FROM json_to_record($1::json) AS reported (
    id text, identity text, consumer text, topic text, partition int, "offset" bigint, key text, "eventId" uuid,
    "eventType" text, "eventSequence" bigint, payload text, complete boolean, "lastError" text, attempts int,
    "failedAt" timestamptz
  )
  ON CONFLICT (identity) DO UPDATE SET
    reason = EXCLUDED.reason, attempts = dead_letter.attempts + EXCLUDED.attempts,
    failures = dead_letter.failures + 1, last_failed_at = EXCLUDED.last_failed_at
  WHERE dead_letter.last_failed_at < EXCLUDED.last_failed_at
  RETURNING id`;

const storedRows = z.array(z.object({ id: z.string() }));

/** @returns whether it was not known before */
export async function storeLetter(tx: AuditTransaction, reported: ReportedLetter): Promise<boolean> {
  const { offset, eventSequence, payload } = reported;
  const row = {
    ...reported,
    offset: offset.toString(),
    eventSequence: eventSequence?.toString() ?? null,
    payload: Buffer.from(payload).toString("base64"),
  };
  const rows = storedRows.parse(await tables(tx).$queryRawUnsafe(STORE, JSON.stringify(row)));
  return rows.some(({ id }) => id === reported.id);
}

/** Locks them until the commit, in the order of their ids. @returns those that are there */
export async function lockLetters(tx: AuditTransaction, ids: readonly DeadLetterId[]): Promise<DeadLetter[]> {
  await tables(tx).$queryRawUnsafe("SELECT id FROM dead_letter WHERE id = ANY ($1) ORDER BY id FOR UPDATE", ids);
  return findLetters(tx, ids);
}

export async function findLetters(tx: AuditTransaction, ids: readonly DeadLetterId[]): Promise<DeadLetter[]> {
  const rows = await tables(tx).deadLetter.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toDeadLetter);
}

export interface LetterQuery {
  readonly topic?: string | null | undefined;
  readonly consumer?: string | null | undefined;
  /** Text that is no id of an organisation matches nothing. */
  readonly organizationId?: string | null | undefined;
  readonly status?: DeadLetterStatus | null | undefined;
}

/** Newest first. */
export async function pageLetters(
  tx: AuditTransaction,
  { topic, consumer, organizationId, status }: LetterQuery,
  page: Page,
): Promise<RowPage<DeadLetter>> {
  const conditions = {
    ...(topic == null ? {} : { topic }),
    ...(consumer == null ? {} : { consumer }),
    ...(organizationId == null ? {} : { recordKey: OrganizationId.from(organizationId) ?? { in: [] } }),
    ...(status == null ? {} : { status }),
  };
  const { where, orderBy, take } = keysetById(page, "descending");
  const { deadLetter } = tables(tx);
  const rows = await deadLetter.findMany({ where: { AND: [conditions, where] }, orderBy, take });
  return {
    rows: rows.map(toDeadLetter),
    totalCount: page.counted ? await deadLetter.count({ where: conditions }) : null,
  };
}

export interface ReplayMark {
  readonly id: DeadLetterId;
  readonly replayId: string;
  readonly by: string;
  readonly now: Date;
}

export async function markReplaying(tx: AuditTransaction, { id, replayId, by, now }: ReplayMark): Promise<void> {
  await tables(tx).deadLetter.update({
    where: { id },
    data: {
      status: "REPLAYING",
      replayId,
      replayRequestedAt: now,
      superseded: false,
      resolvedAt: null,
      resolvedBy: by,
      resolution: null,
    },
  });
}

export interface Discarding {
  readonly ids: readonly DeadLetterId[];
  readonly by: string;
  readonly reason: string;
  readonly now: Date;
}

export async function markDiscarded(tx: AuditTransaction, { ids, by, reason, now }: Discarding): Promise<void> {
  await tables(tx).deadLetter.updateMany({
    where: { id: { in: [...ids] } },
    data: { status: "DISCARDED", superseded: false, resolvedAt: now, resolvedBy: by, resolution: reason },
  });
}

/** Of the request that the letter waits for; an answer to an earlier one changes nothing. */
export async function markSettled(tx: AuditTransaction, answer: ReplayOutcome): Promise<void> {
  const { id: replayId, letterId, outcome, attempts, error } = answer;
  const at = new Date(answer.at);
  const failed = outcome === "FAILED";
  await tables(tx).deadLetter.updateMany({
    where: { id: letterId, replayId, status: "REPLAYING" },
    data:
      outcome === "APPLIED"
        ? { status: "REPLAYED", resolvedAt: at, attempts: { increment: attempts } }
        : {
            status: "OPEN",
            superseded: outcome === "SUPERSEDED",
            reason: error ?? "",
            attempts: { increment: attempts },
            resolvedBy: null,
            ...(failed ? { failures: { increment: 1 }, lastFailedAt: at } : {}),
          },
  });
}

const COUNT = `
  SELECT topic, consumer, status, count(*)::int AS amount FROM dead_letter
  WHERE status IN ('OPEN', 'REPLAYING') GROUP BY topic, consumer, status`;

const countedRows = z.array(z.object({ topic: z.string(), consumer: z.string(), status: z.string(), amount: z.int() }));

export type UnresolvedLetters = z.infer<typeof countedRows>[number];

/** Letters that nobody has dealt with, by where they come from. */
export async function countUnresolved(tx: AuditTransaction): Promise<readonly UnresolvedLetters[]> {
  return countedRows.parse(await tables(tx).$queryRawUnsafe(COUNT));
}
