/** A subgraph's database: its transactions, its part in the lifecycle of the process, its health. */
import { tooBusy } from "../errors/too-busy.ts";
import { createFairPlaces } from "../fair-places.ts";
import type { HealthCheck } from "../http/health.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { RequestPlaces, SqlTransaction, TransactionHost } from "./sql-transaction.ts";
import { Transaction } from "./transaction.ts";

/** Opens transactions for `inTenants`, `readInTenants` and `runCommand`. */
export interface Database<Client extends SqlTransaction> extends TransactionHost<Transaction<Client>> {
  /** Each statement on its own and bound to no tenant: for tables that have none. */
  readonly autocommit: Transaction<Client>;
  readonly part: LifecyclePart;
  readonly check: HealthCheck;
}

/** A generated Prisma client. */
interface PrismaClientLike<Client extends SqlTransaction> extends SqlTransaction, TransactionHost<Client> {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}

/**
 * Places of requests in a pool of connections. A tenant's commands wait for each other in any case, at the row that
 * orders their events. More of them at once would hold connections for nothing. Consumers and workers take theirs
 * beside these: they are few.
 */
function requestPlaces(poolSize: number): RequestPlaces {
  const total = Math.max(1, Math.floor((poolSize * 3) / 4));
  const half = Math.max(1, Math.floor(total / 2));
  const waiting = { waitMs: 5_000, maxWaiting: 1_000 };
  return {
    commands: createFairPlaces({ total, perTenant: Math.min(3, half), ...waiting }),
    reads: createFairPlaces({ total, perTenant: half, ...waiting }),
  };
}

/**
 * @param name as health reports show it, e.g. `notes database`
 * @param poolSize most connections of the client
 */
export function createDatabase<Client extends SqlTransaction>(
  name: string,
  client: PrismaClientLike<Client> & Client,
  poolSize: number,
): Database<Client> {
  return {
    places: requestPlaces(poolSize),
    autocommit: new Transaction<Client>(client),
    async $transaction(work, limits) {
      try {
        return await client.$transaction((tx) => work(new Transaction(tx)), limits);
      } catch (error) {
        throw isWithoutConnection(error) ? tooBusy({ cause: error }) : error;
      }
    },
    part: { name, start: () => client.$connect(), stop: () => client.$disconnect() },
    check: {
      name,
      critical: true,
      async check() {
        await client.$queryRawUnsafe("SELECT 1");
      },
    },
  };
}

/** Prisma 7.10 tells by its text only that it found no connection in time. */
function isWithoutConnection(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Unable to start a transaction in the given time");
}
