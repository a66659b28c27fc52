/** Statements on the heads of the tenants' hash chains. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import type { TenantId } from "../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { CLAIM_EVENTS, claimOf, onlyClaimed } from "../../../platform/events/inbox.ts";
import type { ChainedEntry } from "../domain/entry-hash.ts";
import type { AuditTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface ChainHead {
  readonly sequence: bigint;
  /** Null before the first entry. */
  readonly hash: string | null;
}

export interface ClaimedChain {
  readonly head: ChainHead;
  /** In their order, each once: those that nobody had claimed before. */
  readonly events: readonly EventEnvelope[];
}

/*
 * Counting waits for every claim before it locks, so everyone takes the two in one order. An update of nothing locks
 * the row like FOR UPDATE, and makes it where it is missing.
 */
const CLAIM_ONTO_CHAIN = `
  WITH claimed AS (${CLAIM_EVENTS}), head AS (
    INSERT INTO audit_chain (tenant_id, sequence, hash) SELECT $5, 0, '' WHERE (SELECT count(*) FROM claimed) > 0
    ON CONFLICT (tenant_id) DO UPDATE SET sequence = audit_chain.sequence
    RETURNING sequence, hash
  )
  SELECT sequence::text, hash, (SELECT json_agg(id) FROM claimed) AS claimed FROM head`;

const claimedChains = z.array(z.object({ sequence: z.string(), hash: z.string(), claimed: z.array(z.string()) }));

/**
 * Claims events for `consumer` and locks the tenant's chain until the commit, so that entries get their sequence one
 * after the other.
 * @returns nothing, and locks nothing, when all of them were claimed before
 */
export async function claimOntoChain(
  tx: AuditTransaction,
  consumer: string,
  tenantId: TenantId,
  events: readonly EventEnvelope[],
): Promise<ClaimedChain | undefined> {
  const rows = await tables(tx).$queryRawUnsafe(CLAIM_ONTO_CHAIN, ...claimOf(consumer, events), tenantId);
  const [row] = claimedChains.parse(rows);
  if (row === undefined) return undefined;
  return { head: toHead(row), events: onlyClaimed(events, row.claimed) };
}

const LOCK_CHAIN = `
  INSERT INTO audit_chain (tenant_id, sequence, hash) VALUES ($1, 0, '')
  ON CONFLICT (tenant_id) DO UPDATE SET sequence = audit_chain.sequence
  RETURNING sequence::text, hash`;

const lockedChains = z.tuple([z.object({ sequence: z.string(), hash: z.string() })]);

/** Locks the tenant's chain until the commit. @returns where it ends */
export async function lockChain(tx: AuditTransaction, tenantId: TenantId): Promise<ChainHead> {
  const [row] = lockedChains.parse(await tables(tx).$queryRawUnsafe(LOCK_CHAIN, tenantId));
  return toHead(row);
}

function toHead(row: { readonly sequence: string; readonly hash: string }): ChainHead {
  const sequence = BigInt(row.sequence);
  return { sequence, hash: sequence === 0n ? null : row.hash };
}

/** Where the chain ends, as last written; takes no lock. */
export async function findChainHead(tx: AuditTransaction, tenantId: TenantId): Promise<ChainHead> {
  const select = { sequence: true, hash: true } as const;
  const row = await tables(tx).auditChain.findUnique({ where: { tenantId }, select });
  return row === null || row.sequence === 0n ? { sequence: 0n, hash: null } : row;
}

/**
 * A tenant's entries in sequence order, `batch` at a time: a whole chain may not fit in memory. As they are stored:
 * what somebody wrote into them is the verification's to find.
 */
export async function* walkChain(
  tx: AuditTransaction,
  tenantId: TenantId,
  batch = 1_000,
): AsyncGenerator<ChainedEntry> {
  for (let last = 0n; ; ) {
    const rows = await tables(tx).auditEntry.findMany({
      where: { tenantId, sequence: { gt: last } },
      orderBy: { sequence: "asc" },
      take: batch,
      omit: { targetIds: true },
    });
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < batch) return;
    last = end.sequence;
  }
}
