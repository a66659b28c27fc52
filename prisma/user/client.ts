/** The user database's client. Tables with a tenant answer only inside `inTenants` (platform/database). */
import { PrismaPg } from "@prisma/adapter-pg";
import { type Prisma, PrismaClient } from "./generated/client.ts";

export type UserClient = PrismaClient;

/** What commands and stores get inside a transaction. */
export type UserTransaction = Prisma.TransactionClient;

export interface UserClientOptions {
  /** Most connections held at once. A request waits 5 s for one, then fails. */
  readonly poolSize: number;
}

/** Connects lazily; `$disconnect()` closes the pool. */
export function createUserClient(url: string, options: UserClientOptions): UserClient {
  const adapter = new PrismaPg(
    { connectionString: url, max: options.poolSize, connectionTimeoutMillis: 5_000, idleTimeoutMillis: 30_000 },
    // A connection lost while idle is replaced at the next use; whoever used it at the time gets the error.
    { onPoolError: () => undefined, onConnectionError: () => undefined },
  );
  return new PrismaClient({ adapter, errorFormat: "minimal" });
}
