/** Statements on the entries of the audit log. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId, requireTenantId, type TenantId } from "../../../platform/auth/principal-ids.ts";
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { SideChange } from "../../../platform/events/outbox.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { AuditEntryModel } from "../../../prisma/audit/generated/models/AuditEntry.ts";
import { AuditActorKind, AuditOutcome } from "../../../schema/generated/audit.ts";
import type { AuditEntry } from "../domain/audit-entry.ts";
import type { EntryFilter } from "../domain/entry-filter.ts";
import { TARGET_TYPES } from "../domain/entry-from-event.ts";
import { AuditEntryId } from "../domain/ids.ts";
import type { AuditTransaction } from "./database.ts";
import { tables } from "./tables.ts";

const storedTargets = z.array(z.object({ type: z.enum(Object.values(TARGET_TYPES)), id: z.string() }));

/** Searched only: what they are is in the targets. */
const UNREAD = { targetIds: true } as const;

function toEntry(row: Omit<AuditEntryModel, keyof typeof UNREAD>): AuditEntry {
  const { sequence, eventId, actorId, action, metadata, ip, userAgent, occurredAt, recordedAt } = row;
  const { traceId, correlationId, hash, previousHash } = row;
  return {
    id: AuditEntryId.require(row.id),
    tenantId: requireTenantId(row.tenantId),
    organizationId: row.organizationId === null ? null : OrganizationId.require(row.organizationId),
    sequence,
    eventId,
    actorKind: storedEnum(AuditActorKind, row.actorKind),
    actorId,
    action,
    outcome: storedEnum(AuditOutcome, row.outcome),
    targets: storedTargets.parse(row.targets),
    metadata,
    ip,
    userAgent,
    occurredAt,
    recordedAt,
    traceId,
    correlationId,
    hash,
    previousHash,
  };
}

/** Where each member of an entry is stored, and as what. The compiler misses a column that the model gains. */
const STORED: Readonly<
  Record<keyof Omit<AuditEntryModel, keyof typeof UNREAD>, readonly [column: string, as: string]>
> = {
  id: ["id", "text"],
  tenantId: ["tenant_id", "text"],
  organizationId: ["organization_id", "text"],
  sequence: ["sequence", "bigint"],
  eventId: ["event_id", "uuid"],
  actorKind: ["actor_kind", "text"],
  actorId: ["actor_id", "text"],
  action: ["action", "text"],
  outcome: ["outcome", "text"],
  targets: ["targets", "jsonb"],
  metadata: ["metadata", "jsonb"],
  ip: ["ip", "text"],
  userAgent: ["user_agent", "text"],
  occurredAt: ["occurred_at", "timestamptz"],
  recordedAt: ["recorded_at", "timestamptz"],
  traceId: ["trace_id", "text"],
  correlationId: ["correlation_id", "text"],
  hash: ["hash", "text"],
  previousHash: ["previous_hash", "text"],
};

const members = Object.entries(STORED);

const INSERT_ENTRIES = `
  INSERT INTO audit_entry (${members.map(([, [column]]) => column).join(", ")}, target_ids)
  SELECT ${members.map(([member]) => `"${member}"`).join(", ")},
    ARRAY(SELECT target ->> 'id' FROM jsonb_array_elements(targets) AS target)
  FROM json_to_recordset($1::json) AS entry (${members.map(([member, [, as]]) => `"${member}" ${as}`).join(", ")})`;

const MOVE_HEAD = `
  UPDATE audit_chain SET sequence = last.sequence, hash = last.hash
  FROM json_to_record($1::json -> -1) AS last ("tenantId" text, sequence bigint, hash text)
  WHERE tenant_id = "tenantId"`;

/** Of the streams that the events belong to: what was recorded of each. */
const COUNT_RECORDED = `
  INSERT INTO recorded_stream AS stream (tenant_id, source, recorded)
  SELECT "tenantId", "eventSource", range_agg(int8range("eventSequence", "eventSequence" + 1))
  FROM json_to_recordset($1::json) AS entry ("tenantId" text, "eventSource" text, "eventSequence" bigint)
  GROUP BY 1, 2
  ON CONFLICT (tenant_id, source) DO UPDATE SET recorded = stream.recorded + EXCLUDED.recorded`;

/** An entry and the event that it records. */
export interface RecordedEvent {
  readonly entry: AuditEntry;
  readonly event: Pick<EventEnvelope, "source" | "sequence">;
}

/** What writes new entries of one chain, the last of which becomes its head; the caller has locked it. */
export function storingEntries(recorded: readonly RecordedEvent[]): SideChange {
  const rows = recorded.map(({ entry, event }) => ({
    ...entry,
    sequence: entry.sequence.toString(),
    eventSource: event.source,
    eventSequence: event.sequence,
  }));
  return { sql: INSERT_ENTRIES, also: [MOVE_HEAD, COUNT_RECORDED], json: JSON.stringify(rows) };
}

export async function findEntries(tx: AuditTransaction, ids: readonly AuditEntryId[]): Promise<AuditEntry[]> {
  const rows = await tables(tx).auditEntry.findMany({ where: { id: { in: [...ids] } }, omit: UNREAD });
  return rows.map(toEntry);
}

export interface EntryQuery {
  readonly tenantId: TenantId;
  readonly filter: EntryFilter;
}

/** An entry's place in the log of its tenant. */
export function entryKey({ sequence }: AuditEntry): string {
  return sequence.toString();
}

/** Newest first. */
export async function pageEntries(tx: AuditTransaction, query: EntryQuery, page: Page): Promise<RowPage<AuditEntry>> {
  const { order, take, beyond } = keysetWalk(page, "descending");
  const where = conditions(query);
  const { auditEntry } = tables(tx);
  const rows = await auditEntry.findMany({
    where: { ...where, ...(page.key === undefined ? {} : { sequence: beyond(BigInt(page.key)) }) },
    orderBy: { sequence: order },
    take,
    omit: UNREAD,
  });
  return { rows: rows.map(toEntry), totalCount: page.counted ? await auditEntry.count({ where }) : null };
}

function conditions({ tenantId, filter }: EntryQuery) {
  const { actorIds, actions, targetIds, outcomes, from, to, correlationIds } = filter;
  return {
    tenantId,
    ...(actorIds === undefined ? {} : { actorId: { in: [...actorIds] } }),
    ...(actions === undefined ? {} : { action: { in: [...actions] } }),
    ...(targetIds === undefined ? {} : { targetIds: { hasSome: [...targetIds] } }),
    ...(outcomes === undefined ? {} : { outcome: { in: [...outcomes] } }),
    ...(from === undefined && to === undefined
      ? {}
      : { occurredAt: { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) } }),
    ...(correlationIds === undefined ? {} : { correlationId: { in: [...correlationIds] } }),
  };
}

/** The organisation that owns a target, as far as one of `organizationIds` has entries about it. */
export async function organizationOfTarget(
  tx: AuditTransaction,
  targetId: string,
  organizationIds: readonly OrganizationId[],
): Promise<OrganizationId | undefined> {
  const row = await tables(tx).auditEntry.findFirst({
    where: { targetIds: { has: targetId }, organizationId: { in: [...organizationIds] } },
    select: { organizationId: true },
  });
  return row?.organizationId == null ? undefined : OrganizationId.require(row.organizationId);
}
