/** Opens a transaction into what Prisma offers. Imported by the store alone. */
import { openTransaction } from "../../../platform/database/transaction.ts";
import type { BillingTables } from "../../../prisma/billing/client.ts";
import type { BillingTransaction } from "./database.ts";

export function tables(tx: BillingTransaction): BillingTables {
  return openTransaction(tx);
}
