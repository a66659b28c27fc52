/** The billing database, as the rest of the subgraph passes it on. */
import { createDatabase, type Database } from "../../../platform/database/database.ts";
import type { Transaction } from "../../../platform/database/transaction.ts";
import { type BillingTables, createBillingClient } from "../../../prisma/billing/client.ts";

export type BillingTransaction = Transaction<BillingTables>;
export type BillingDatabase = Database<BillingTables>;

/** Connects lazily. @param poolSize most connections at once */
export function openBillingDatabase(name: string, url: string, poolSize: number): BillingDatabase {
  return createDatabase<BillingTables>(name, createBillingClient(url, { poolSize }), poolSize);
}
