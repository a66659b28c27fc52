/** The user database, as the rest of the subgraph passes it on. */
import { createDatabase, type Database } from "../../../platform/database/database.ts";
import type { Transaction } from "../../../platform/database/transaction.ts";
import { createUserClient, type UserTables } from "../../../prisma/user/client.ts";

export type UserTransaction = Transaction<UserTables>;
export type UserDatabase = Database<UserTables>;

/** Connects lazily. @param poolSize most connections at once */
export function openUserDatabase(name: string, url: string, poolSize: number): UserDatabase {
  return createDatabase<UserTables>(name, createUserClient(url, { poolSize }), poolSize);
}
