/**
 * Reads of one request, gathered: whatever is asked for before the last answer has been used runs on one connection. It is given back as
 * soon as nothing waits, so none is held while a request does something else. Each statement sees what was committed before it.
 */
import { assertInTime, deadlineExceeded, isOver } from "../deadline.ts";
import type { SqlTransaction, TransactionHost } from "./sql-transaction.ts";
import { readInTenants } from "./tenant-transaction.ts";

/** Runs a read that sees the rows of the reader's tenants only. Must not write: there is no one to roll it back alone. */
export type TenantReader<Tx extends SqlTransaction> = <Result>(work: (tx: Tx) => Promise<Result>) => Promise<Result>;

interface Shared<Tx> {
  readonly transaction: Promise<Tx>;
  readonly close: () => void;
  pending: number;
}

/**
 * One per request: its tenants are those of whoever asks.
 * @param deadline by `performance.now()`: reads that have not begun by then are not begun, and statements that run end. They reject with the
 * AppError `DEADLINE_EXCEEDED`.
 */
export function createTenantReader<Tx extends SqlTransaction>(
  client: TransactionHost<Tx>,
  tenants: readonly string[],
  deadline?: number,
): TenantReader<Tx> {
  let current: Shared<Tx> | undefined;

  function open(): Shared<Tx> {
    const opened = Promise.withResolvers<Tx>();
    const closed = Promise.withResolvers<void>();
    const hold = (tx: Tx) => {
      opened.resolve(tx);
      return closed.promise;
    };
    readInTenants(client, tenants, hold, deadline).catch(opened.reject);
    return { transaction: opened.promise, close: closed.resolve, pending: 0 };
  }

  function leave(shared: Shared<Tx>): void {
    shared.pending -= 1;
    if (shared.pending > 0) return;
    // Resolvers that go on with the answer ask for more within this turn of the loop.
    setImmediate(() => {
      if (shared.pending > 0) return;
      if (current === shared) current = undefined;
      shared.close();
    });
  }

  return async (work) => {
    assertInTime(deadline);
    current ??= open();
    const shared = current;
    const alone = shared.pending === 0;
    shared.pending += 1;
    try {
      const transaction = await shared.transaction;
      assertInTime(deadline);
      return await work(transaction);
    } catch (error) {
      if (isOver(deadline)) throw deadlineExceeded(error);
      // Perhaps the connection is gone: nobody else joins it, and who shared it tries once on its own.
      if (current === shared) current = undefined;
      if (alone && shared.pending === 1) throw error;
      return await readInTenants(client, tenants, work, deadline);
    } finally {
      leave(shared);
    }
  };
}
