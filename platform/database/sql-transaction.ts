import type { FairPlaces } from "../fair-places.ts";

/** The part of a generated Prisma client that `platform/` needs: each subgraph's client fits, none is imported here. */
export interface SqlTransaction {
  /** The rows promise nothing: whoever asks parses them. */
  $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
}

/** Places that what callers ask for shares, so that no tenant holds all connections. */
export interface RequestPlaces {
  readonly commands: FairPlaces;
  readonly reads: FairPlaces;
}

/** A client that opens interactive transactions. */
export interface TransactionHost<Tx extends SqlTransaction> {
  /** Absent: every transaction takes a connection as it comes. */
  readonly places?: RequestPlaces;
  /** Told of a connection that broke off, before the same is asked again. */
  brokeOff?(): void;
  $transaction<R>(work: (tx: Tx) => Promise<R>, options?: { maxWait?: number; timeout?: number }): Promise<R>;
}
