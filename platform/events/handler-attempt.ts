/**
 * One attempt at events: handlers and inbox rows in one transaction that really ends at the deadline, or when the
 * partition has to be given up, however late the handler comes back. So a late handler commits nothing beside the
 * retry, and holds neither the inbox row nor a connection for long.
 */
import type { KeyOwner } from "../auth/principal-ids.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { inTenants, type TransactionEnd } from "../database/tenant-transaction.ts";
import { withDeadline } from "../deadline.ts";
import { AppError } from "../errors/app-error.ts";

export interface AttemptLimits {
  /** Longest time of the attempt, in milliseconds, the wait for a connection included. */
  readonly deadlineMs: number;
  /** Aborts when the partition is given back: the handlers are told, and have a moment left. */
  readonly leaving: AbortSignal;
}

/** What the handlers do. `signal` aborts when nobody waits for their effect any more. */
export type AttemptWork<Tx extends SqlTransaction> = (
  tx: Tx,
  end: TransactionEnd,
  signal: AbortSignal,
) => Promise<void>;

/** From the end of the transaction to that of the attempt: a handler that waited for the database says how it was. */
const ENDING_MS = 500;
const LEAVE_MS = 1_500;
const MAX_WAIT_MS = 5_000;
const PROBE = { maxWait: 1_000, timeout: 1_000 };

/** @throws what the work throws, or AppError `DEADLINE_EXCEEDED` when it came to no end in time */
export async function attemptInTime<Tx extends SqlTransaction>(
  database: TransactionHost<Tx>,
  tenants: readonly KeyOwner[],
  { deadlineMs, leaving }: AttemptLimits,
  work: AttemptWork<Tx>,
): Promise<void> {
  leaving.throwIfAborted();
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, leaving]);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timers: NodeJS.Timeout[] = [];
  const endIn = (ms: number, reason: () => Error) => {
    const end = () => {
      over.abort(reason());
      timers.push(setTimeout(() => reject(over.signal.reason), ENDING_MS));
    };
    timers.push(setTimeout(end, ms));
  };
  const leave = () => endIn(LEAVE_MS, () => new Error("the partition was given back before the handler ended"));
  endIn(deadlineMs, () => new AppError("DEADLINE_EXCEEDED", `The event handler took longer than ${deadlineMs} ms.`));
  leaving.addEventListener("abort", leave, { once: true });
  const limits = {
    maxWait: Math.min(MAX_WAIT_MS, deadlineMs),
    // Prisma gives the connection back then; the transaction itself ended before.
    timeout: deadlineMs + ENDING_MS,
    until: { deadline: performance.now() + deadlineMs, over: over.signal },
  };
  try {
    await Promise.race([inTenants(database, tenants, (tx, end) => work(tx, end, signal), limits), late]);
  } catch (error) {
    if (!over.signal.aborted) throw error;
    // What the work met when its transaction was taken from it is a consequence.
    if (!leaving.aborted) await assertAnswers(database);
    throw over.signal.reason;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    leaving.removeEventListener("abort", leave);
  }
}

/** Not the handler was slow when the store is silent: that is an outage. */
async function assertAnswers(database: TransactionHost<SqlTransaction>): Promise<void> {
  const probe = database.$transaction((tx) => tx.$queryRawUnsafe("SELECT 1"), PROBE);
  await withDeadline(probe, PROBE.maxWait + PROBE.timeout, () =>
    Object.assign(new Error("our store does not answer"), { code: "ETIMEDOUT" }),
  );
}
