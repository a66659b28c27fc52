/** Statements on the entries of the audit log. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId, requireTenantId, type TenantId } from "../../../platform/auth/principal-ids.ts";
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { SideChange } from "../../../platform/events/outbox.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { AuditEntryModel } from "../../../prisma/audit/generated/models/AuditEntry.ts";
import { AuditActorKind, type AuditFilter, AuditOutcome } from "../../../schema/generated/audit.ts";
import type { AuditEntry } from "../domain/audit-entry.ts";
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

const INSERT_ENTRIES = `
  INSERT INTO audit_entry (id, tenant_id, organization_id, sequence, event_id, actor_kind, actor_id, action, outcome,
    targets, target_ids, metadata, ip, user_agent, occurred_at, recorded_at, trace_id, correlation_id, hash,
    previous_hash)
  SELECT id, "tenantId", "organizationId", sequence, "eventId", "actorKind", "actorId", action, outcome, targets,
    ARRAY(SELECT target ->> 'id' FROM jsonb_array_elements(targets) AS target),
    metadata, ip, "userAgent", "occurredAt", "recordedAt", "traceId", "correlationId", hash, "previousHash"
  FROM json_to_recordset($1::json) AS entry (
    id text, "tenantId" text, "organizationId" text, sequence bigint, "eventId" uuid, "actorKind" text, "actorId" text,
    action text, outcome text, targets jsonb, metadata jsonb, ip text, "userAgent" text, "occurredAt" timestamptz,
    "recordedAt" timestamptz, "traceId" text, "correlationId" text, hash text, "previousHash" text)`;

const MOVE_HEAD = `
  UPDATE audit_chain SET sequence = last.sequence, hash = last.hash
  FROM json_to_record($1::json -> -1) AS last ("tenantId" text, sequence bigint, hash text)
  WHERE tenant_id = "tenantId"`;

/** What writes new entries of one chain, the last of which becomes its head; the caller has locked it. */
export function storingEntries(entries: readonly AuditEntry[]): SideChange {
  const rows = entries.map((entry) => ({ ...entry, sequence: entry.sequence.toString() }));
  return { sql: INSERT_ENTRIES, also: MOVE_HEAD, json: JSON.stringify(rows) };
}

export async function findEntries(tx: AuditTransaction, ids: readonly AuditEntryId[]): Promise<AuditEntry[]> {
  const rows = await tables(tx).auditEntry.findMany({ where: { id: { in: [...ids] } }, omit: UNREAD });
  return rows.map(toEntry);
}

export interface EntryQuery {
  readonly tenantId: TenantId;
  readonly filter: AuditFilter;
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
  organizationIds: readonly OrganizationId[],
): Promise<OrganizationId | undefined> {
  const row = await tables(tx).auditEntry.findFirst({
    where: { targetIds: { has: targetId }, organizationId: { in: [...organizationIds] } },
    select: { organizationId: true },
  });
  return row?.organizationId == null ? undefined : OrganizationId.require(row.organizationId);
}
