/** The part of a generated Prisma client that `platform/` needs: each subgraph's client fits, none is imported here. */
export interface SqlTransaction {
  /** The rows promise nothing: whoever asks parses them. */
  $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
}

/** A client that opens interactive transactions. */
export interface TransactionHost<Tx extends SqlTransaction> {
  $transaction<R>(work: (tx: Tx) => Promise<R>, options?: { maxWait?: number; timeout?: number }): Promise<R>;
}
