/**
 * `npm run verify-audit -- --tenant <organisation or user id> [--tenant …]`: recomputes every hash of a tenant's chain and
 * compares its end with the stored head. Reads only. Exits 1 naming the first bad sequence, 2 when it could not look.
 * Keep the printed heads elsewhere: a head that was printed once must be found again in every later run.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { parseConfig } from "../../platform/config/parse-config.ts";
import { auditSettings } from "../../platform/config/settings.ts";
import { inTenants } from "../../platform/database/tenant-transaction.ts";
import { type AuditClient, type AuditTransaction, createAuditClient } from "../../prisma/audit/client.ts";
import { type ChainVerdict, verifyChain } from "./entry-hash.ts";
import { chainHead, walkChain } from "./store.ts";

const USAGE = "Say whose chain: npm run verify-audit -- --tenant <organisation or user id> [--tenant …]\n";
/** A chain is read in one transaction; a million entries take about a minute. */
const LONGEST_WALK_MS = 60 * 60_000;

async function verifyTenant(client: AuditClient, tenantId: string): Promise<ChainVerdict> {
  const limits = { maxWait: 5_000, timeout: LONGEST_WALK_MS };
  return inTenants(client, [tenantId], (tx) => verifyUpToHead(tx, tenantId), limits);
}

async function verifyUpToHead(tx: AuditTransaction, tenantId: string): Promise<ChainVerdict> {
  // Read before the walk: entries recorded meanwhile only make the chain longer than its head says.
  const head = await chainHead(tx, tenantId);
  let hashAtHead: string | null = null;
  async function* walk() {
    for await (const entry of walkChain(tx, tenantId)) {
      if (entry.sequence === head.sequence) hashAtHead = entry.hash;
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

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { tenant: { type: "string", multiple: true } }, strict: true });
  const tenants = [...new Set(values.tenant ?? [])];
  if (tenants.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { AUDIT_DATABASE_URL } = parseConfig(
    z.object({ AUDIT_DATABASE_URL: auditSettings.AUDIT_DATABASE_URL }),
    process.env,
  );
  const client = createAuditClient(AUDIT_DATABASE_URL, { poolSize: 1 });
  let bad = 0;
  try {
    for (const tenant of tenants) {
      const verdict = await verifyTenant(client, tenant);
      if (verdict.ok) {
        process.stdout.write(`${tenant}: ${verdict.length} entries verified, head ${verdict.head ?? "none"}\n`);
      } else {
        bad += 1;
        process.stdout.write(`${tenant}: BAD at sequence ${verdict.firstBadSequence}: ${verdict.reason}\n`);
      }
    }
  } finally {
    await client.$disconnect();
  }
  return bad === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
