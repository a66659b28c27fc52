/** The audit database, as the rest of the subgraph passes it on. */
import { createDatabase, type Database } from "../../../platform/database/database.ts";
import type { Transaction } from "../../../platform/database/transaction.ts";
import { type AuditTables, createAuditClient } from "../../../prisma/audit/client.ts";

export type AuditTransaction = Transaction<AuditTables>;
export type AuditDatabase = Database<AuditTables>;

/** Connects lazily. @param poolSize most connections at once */
export function openAuditDatabase(name: string, url: string, poolSize: number): AuditDatabase {
  return createDatabase<AuditTables>(name, createAuditClient(url, { poolSize }), poolSize);
}
