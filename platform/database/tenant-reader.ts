/**
 * Reads of one request, gathered: whatever is asked for before the last answer has been used runs on one connection. It
 * is given back as soon as nothing waits, so none is held while a request does something else. Each statement sees what
 * was committed before it.
 */
import type { TenantId } from "../auth/principal-ids.ts";
import { assertInTime, deadlineExceeded, isOver } from "../deadline.ts";
import { isStoreOutage } from "../events/store-outage.ts";
import type { SqlTransaction, TransactionHost } from "./sql-transaction.ts";
import { readInTenants } from "./tenant-transaction.ts";

/**
 * Runs a read that sees the rows of the reader's tenants only. Must not write: there is no one to roll it back alone.
 */
export type TenantReader<Tx extends SqlTransaction> = <Result>(work: (tx: Tx) => Promise<Result>) => Promise<Result>;

interface Shared<Tx> {
  readonly transaction: Promise<Tx>;
  readonly close: () => void;
  pending: number;
  /** Resolves when the next read may begin. */
  turn: Promise<void>;
  /** Resolves when the latest read is over. */
  latest: Promise<unknown>;
}

/**
 * One per request: its tenants are those of whoever asks.
 * @param deadline by `performance.now()`: reads that have not begun by then are not begun, and statements that run end.
 * They reject with the AppError `DEADLINE_EXCEEDED`.
 */
export function createTenantReader<Tx extends SqlTransaction>(
  client: TransactionHost<Tx>,
  tenants: readonly TenantId[],
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
    return {
      transaction: opened.promise,
      close: closed.resolve,
      pending: 0,
      turn: Promise.resolve(),
      latest: Promise.resolve(),
    };
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

  /**
   * Begins each read in a turn of the loop of its own, while at most one before it runs. Prisma 7.10 takes what is
   * asked of a transaction within one turn for a batch: when one of them fails it answers the ones behind it with
   * `undefined`. pg 8.23 warns of more that wait.
   */
  function inTurn<Result>(shared: Shared<Tx>, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    const { turn, latest, transaction } = shared;
    const begin = async () => {
      const tx = await transaction;
      await turn;
      assertInTime(deadline);
      return work(tx);
    };
    const result = begin();
    shared.turn = Promise.all([transaction, turn, latest]).then(nextTurn, nextTurn);
    shared.latest = result.catch(() => undefined);
    return result;
  }

  return async (work) => {
    assertInTime(deadline);
    current ??= open();
    const shared = current;
    const alone = shared.pending === 0;
    shared.pending += 1;
    try {
      return await inTurn(shared, work);
    } catch (error) {
      if (isOver(deadline)) throw deadlineExceeded(error);
      // Perhaps the connection is gone: nobody else joins it. Who shared it, or lost it, tries once on its own.
      if (current === shared) current = undefined;
      if (isStoreOutage(error)) client.brokeOff?.();
      else if (alone && shared.pending === 1) throw error;
      return await readInTenants(client, tenants, work, deadline);
    } finally {
      leave(shared);
    }
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
