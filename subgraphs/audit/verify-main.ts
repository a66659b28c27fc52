/**
 * `npm run verify-audit -- --tenant <organisation or user id> [--tenant …]`: recomputes every hash of a tenant's chain
 * and compares its end with the stored head. Says which events the chain itself names as not recorded. Reads only.
 * Exits 1 naming the first bad sequence, 2 when it could not look, 3 when chains are whole but lack events. Keep the
 * printed heads elsewhere: a head that was printed once must be found again in every later run.
 */
import { parseArgs } from "node:util";
import { type TenantId, tenantIdFrom } from "../../platform/auth/principal-ids.ts";
import { inTenants } from "../../platform/database/tenant-transaction.ts";
import { readAppDatabase } from "../../platform/graphql/subgraph-settings.ts";
import { type ChainedEntry, type ChainVerdict, verifyChain } from "./domain/entry-hash.ts";
import { createGaps, describeGap, type Gap } from "./domain/gaps.ts";
import { findChainHead, walkChain } from "./store/chains.ts";
import { type AuditDatabase, type AuditTransaction, openAuditDatabase } from "./store/database.ts";
import { NAME } from "./subgraph-name.ts";

const USAGE = "Say whose chain: npm run verify-audit -- --tenant <organisation or user id> [--tenant …]\n";
/** A chain is read in one transaction; a million entries take about a minute. */
const LONGEST_WALK_MS = 60 * 60_000;

interface Verified {
  readonly verdict: ChainVerdict;
  /** Events that were not recorded and have not been since. */
  readonly gaps: readonly Gap[];
}

async function verifyTenant(database: AuditDatabase, tenantId: TenantId): Promise<Verified> {
  const limits = { maxWait: 5_000, timeout: LONGEST_WALK_MS };
  return inTenants(database, [tenantId], (tx) => verifyUpToHead(tx, tenantId), limits);
}

async function verifyUpToHead(tx: AuditTransaction, tenantId: TenantId): Promise<Verified> {
  const gaps = createGaps();
  return { verdict: await verdictOf(tx, tenantId, gaps.see), gaps: gaps.open() };
}

async function verdictOf(
  tx: AuditTransaction,
  tenantId: TenantId,
  see: (entry: ChainedEntry) => void,
): Promise<ChainVerdict> {
  // Read before the walk: entries recorded meanwhile only make the chain longer than its head says.
  const head = await findChainHead(tx, tenantId);
  let hashAtHead: string | null = null;
  async function* walk() {
    for await (const entry of walkChain(tx, tenantId)) {
      if (entry.sequence === head.sequence) hashAtHead = entry.hash;
      see(entry);
      yield entry;
    }
  }
  const verdict = await verifyChain(walk());
  if (!verdict.ok) return verdict;
  if (verdict.length < head.sequence) {
    const firstBadSequence = verdict.length + 1n;
    return { ok: false, firstBadSequence, reason: `entry ${firstBadSequence} is missing: there were ${head.sequence}` };
  }
  if (hashAtHead !== head.hash) {
    return {
      ok: false,
      firstBadSequence: head.sequence,
      reason: "its hash is not the one that the chain's head keeps",
    };
  }
  return verdict;
}

function requireTenant(text: string): TenantId {
  const tenant = tenantIdFrom(text);
  if (tenant === undefined) throw new Error(`${text} is no id of an organisation or a user. ${USAGE}`);
  return tenant;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { tenant: { type: "string", multiple: true } }, strict: true });
  const texts = [...new Set(values.tenant ?? [])];
  if (texts.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const url = readAppDatabase(NAME, process.env);
  const tenants = texts.map(requireTenant);
  const database = openAuditDatabase("audit database", url, 1);
  let bad = 0;
  let incomplete = 0;
  try {
    for (const tenant of tenants) {
      const { verdict, gaps } = await verifyTenant(database, tenant);
      if (verdict.ok) {
        process.stdout.write(`${tenant}: ${verdict.length} entries verified, head ${verdict.head ?? "none"}\n`);
        incomplete += gaps.length;
        for (const gap of gaps) process.stdout.write(`${tenant}: NOT RECORDED: ${describeGap(gap)}\n`);
      } else {
        bad += 1;
        process.stdout.write(`${tenant}: BAD at sequence ${verdict.firstBadSequence}: ${verdict.reason}\n`);
      }
    }
  } finally {
    await database.part.stop?.();
  }
  if (bad > 0) return 1;
  return incomplete > 0 ? 3 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
