/** A subgraph's database: its transactions, its part in the lifecycle of the process, its health. */
import type { HealthCheck } from "../http/health.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { SqlTransaction, TransactionHost } from "./sql-transaction.ts";
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

/** @param name as health reports show it, e.g. `notes database` */
export function createDatabase<Client extends SqlTransaction>(
  name: string,
  client: PrismaClientLike<Client> & Client,
): Database<Client> {
  return {
    autocommit: new Transaction<Client>(client),
    $transaction: (work, limits) => client.$transaction((tx) => work(new Transaction(tx)), limits),
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
