/** Opens a transaction into what Prisma offers. Imported by the store alone. */
import { openTransaction } from "../../../platform/database/transaction.ts";
import type { UserTables } from "../../../prisma/user/client.ts";
import type { UserTransaction } from "./database.ts";

export function tables(tx: UserTransaction): UserTables {
  return openTransaction(tx);
}
