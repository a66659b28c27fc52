/**
 * A transaction in progress, as commands, consumers and loaders pass it on. What it is to Prisma only a store opens, so
 * every statement of a subgraph stands in its store.
 */
import type { SqlTransaction } from "./sql-transaction.ts";

let clientOf: <Client extends SqlTransaction>(tx: Transaction<Client>) => Client;

/** @typeParam Client what Prisma offers within a transaction */
export class Transaction<Client extends SqlTransaction> implements SqlTransaction {
  readonly #client: Client;

  static {
    clientOf = (tx) => tx.#client;
  }

  constructor(client: Client) {
    this.#client = client;
  }

  /** For the rooms of `platform/` that write their own tables: outbox, inbox, idempotency. */
  $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown> {
    return this.#client.$queryRawUnsafe(query, ...values);
  }

  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number> {
    return this.#client.$executeRawUnsafe(query, ...values);
  }
}

/** For stores. */
export function openTransaction<Client extends SqlTransaction>(tx: Transaction<Client>): Client {
  return clientOf(tx);
}
