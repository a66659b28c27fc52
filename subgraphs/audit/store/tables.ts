/** Opens a transaction into what Prisma offers. Imported by the store alone. */
import { openTransaction } from "../../../platform/database/transaction.ts";
import type { AuditTables } from "../../../prisma/audit/client.ts";
import type { AuditTransaction } from "./database.ts";

export function tables(tx: AuditTransaction): AuditTables {
  return openTransaction(tx);
}
