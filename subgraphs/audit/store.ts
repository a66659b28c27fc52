/** Every statement on the audit tables. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import { CLAIM_EVENTS, onlyClaimed } from "../../platform/events/inbox.ts";
import type { SideChange } from "../../platform/events/outbox.ts";
import type { Page } from "../../platform/graphql/connection.ts";
import type { AuditTransaction } from "../../prisma/audit/client.ts";
import type { AuditFilter } from "../../schema/generated/audit.ts";
import { type EntryTarget, TARGET_TYPES } from "./entry-from-event.ts";
import type { ChainedEntry } from "./entry-hash.ts";

/** An entry as the rest of the subgraph sees it. */
export interface AuditEntryRecord extends ChainedEntry {
  readonly organizationId: string | null;
  readonly actorKind: "USER" | "SERVICE" | "ANONYMOUS";
  readonly outcome: "SUCCESS" | "DENIED" | "FAILURE";
  readonly targets: readonly EntryTarget[];
}

export interface ChainHead {
  readonly sequence: bigint;
  readonly hash: string | null;
}

/** Columns that hold JSON or a closed set of words as text are read through this, so that nothing is assumed of them. */
const storedParts = z.object({
  actorKind: z.enum(["USER", "SERVICE", "ANONYMOUS"]),
  outcome: z.enum(["SUCCESS", "DENIED", "FAILURE"]),
  targets: z.array(z.object({ type: z.enum(Object.values(TARGET_TYPES)), id: z.string() })),
});

/** Searched only: what they are is in the targets. */
const UNREAD = { targetIds: true } as const;

type Row = Omit<Awaited<ReturnType<AuditTransaction["auditEntry"]["findFirstOrThrow"]>>, keyof typeof UNREAD>;

function toRecord(row: Row): AuditEntryRecord {
  return { ...row, ...storedParts.parse(row) };
}

export interface ClaimedChain {
  readonly head: ChainHead;
  /** In their order, each once: those that nobody had claimed before. */
  readonly events: readonly EventEnvelope[];
}

/* Counting waits for every claim before it locks, so everyone takes the two in one order. An update of nothing locks the row like FOR UPDATE, and
   makes it where it is missing. */
const CLAIM_ONTO_CHAIN = `
  WITH claimed AS (${CLAIM_EVENTS}), head AS (
    INSERT INTO audit_chain (tenant_id, sequence, hash) SELECT $3, 0, '' WHERE (SELECT count(*) FROM claimed) > 0
    ON CONFLICT (tenant_id) DO UPDATE SET sequence = audit_chain.sequence
    RETURNING sequence, hash
  )
  SELECT sequence::text, hash, (SELECT json_agg(id) FROM claimed) AS claimed FROM head`;

const claimedChains = z.array(z.object({ sequence: z.string(), hash: z.string(), claimed: z.array(z.string()) }));

/**
 * Claims events for `consumer` and locks the tenant's chain until the commit, so that entries get their sequence one after the other.
 * @returns nothing, and locks nothing, when all of them were claimed before
 */
export async function claimOntoChain(
  tx: AuditTransaction,
  consumer: string,
  tenantId: string,
  events: readonly EventEnvelope[],
): Promise<ClaimedChain | undefined> {
  const ids = events.map(({ id }) => id);
  const [row] = claimedChains.parse(await tx.$queryRawUnsafe(CLAIM_ONTO_CHAIN, consumer, ids, tenantId));
  if (row === undefined) return undefined;
  const sequence = BigInt(row.sequence);
  return { head: { sequence, hash: sequence === 0n ? null : row.hash }, events: onlyClaimed(events, row.claimed) };
}

/** Where the chain ends, as last written; takes no lock. */
export async function chainHead(tx: AuditTransaction, tenantId: string): Promise<ChainHead> {
  const row = await tx.auditChain.findUnique({ where: { tenantId }, select: { sequence: true, hash: true } });
  return row === null || row.sequence === 0n ? { sequence: 0n, hash: null } : row;
}

const INSERT_ENTRIES = `
  INSERT INTO audit_entry (id, tenant_id, organization_id, sequence, event_id, actor_kind, actor_id, action, outcome, targets, target_ids,
    metadata, ip, user_agent, occurred_at, recorded_at, trace_id, correlation_id, hash, previous_hash)
  SELECT id, "tenantId", "organizationId", sequence, "eventId", "actorKind", "actorId", action, outcome, targets,
    ARRAY(SELECT target ->> 'id' FROM jsonb_array_elements(targets) AS target),
    metadata, ip, "userAgent", "occurredAt", "recordedAt", "traceId", "correlationId", hash, "previousHash"
  FROM json_to_recordset($1::json) AS entry (
    id text, "tenantId" text, "organizationId" text, sequence bigint, "eventId" uuid, "actorKind" text, "actorId" text, action text,
    outcome text, targets jsonb, metadata jsonb, ip text, "userAgent" text, "occurredAt" timestamptz, "recordedAt" timestamptz,
    "traceId" text, "correlationId" text, hash text, "previousHash" text)`;

const MOVE_HEAD = `
  UPDATE audit_chain SET sequence = last.sequence, hash = last.hash
  FROM json_to_record($1::json -> -1) AS last ("tenantId" text, sequence bigint, hash text)
  WHERE tenant_id = "tenantId"`;

/** What writes new entries of one chain, the last of which becomes its head; the caller has locked it. */
export function storingEntries(entries: readonly AuditEntryRecord[]): SideChange {
  const rows = entries.map((entry) => ({ ...entry, sequence: entry.sequence.toString() }));
  return { sql: INSERT_ENTRIES, also: MOVE_HEAD, json: JSON.stringify(rows) };
}

export async function findEntries(tx: AuditTransaction, ids: readonly string[]): Promise<AuditEntryRecord[]> {
  const rows = await tx.auditEntry.findMany({ where: { id: { in: [...ids] } }, omit: UNREAD });
  return rows.map(toRecord);
}

export interface EntryQuery {
  readonly tenantId: string;
  readonly filter: AuditFilter;
}

/** Newest first; `page.key` is a sequence. One row more than asked tells that there are more. */
export async function pageEntries(tx: AuditTransaction, query: EntryQuery, page: Page): Promise<AuditEntryRecord[]> {
  const forward = page.direction === "forward";
  const beyond = page.key === undefined ? undefined : BigInt(page.key);
  const rows = await tx.auditEntry.findMany({
    where: {
      ...conditions(query),
      ...(beyond === undefined ? {} : { sequence: forward ? { lt: beyond } : { gt: beyond } }),
    },
    orderBy: { sequence: forward ? "desc" : "asc" },
    take: page.take + 1,
    omit: UNREAD,
  });
  return rows.map(toRecord);
}

export function countEntries(tx: AuditTransaction, query: EntryQuery): Promise<number> {
  return tx.auditEntry.count({ where: conditions(query) });
}

function conditions({ tenantId, filter }: EntryQuery) {
  const { actorIds, actions, targetIds, outcomes, from, to, correlationId } = filter;
  return {
    tenantId,
    ...(actorIds == null ? {} : { actorId: { in: [...actorIds] } }),
    ...(actions == null ? {} : { action: { in: [...actions] } }),
    ...(targetIds == null ? {} : { targetIds: { hasSome: [...targetIds] } }),
    ...(outcomes == null ? {} : { outcome: { in: [...outcomes] } }),
    ...(from == null && to == null
      ? {}
      : { occurredAt: { ...(from == null ? {} : { gte: from }), ...(to == null ? {} : { lt: to }) } }),
    ...(correlationId == null ? {} : { correlationId }),
  };
}

/** The organisation that owns a target, as far as one of `organizationIds` has entries about it. */
export async function organizationOfTarget(
  tx: AuditTransaction,
  targetId: string,
  organizationIds: readonly string[],
): Promise<string | null> {
  const row = await tx.auditEntry.findFirst({
    where: { targetIds: { has: targetId }, organizationId: { in: [...organizationIds] } },
    select: { organizationId: true },
  });
  return row?.organizationId ?? null;
}

/** A tenant's entries in sequence order, `batch` at a time: a whole chain may not fit in memory. */
export async function* walkChain(
  tx: AuditTransaction,
  tenantId: string,
  batch = 1_000,
): AsyncGenerator<AuditEntryRecord> {
  for (let last = 0n; ; ) {
    const rows = await tx.auditEntry.findMany({
      where: { tenantId, sequence: { gt: last } },
      orderBy: { sequence: "asc" },
      take: batch,
      omit: UNREAD,
    });
    for (const row of rows) yield toRecord(row);
    const end = rows.at(-1);
    if (end === undefined || rows.length < batch) return;
    last = end.sequence;
  }
}
