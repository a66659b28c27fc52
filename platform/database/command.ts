/**
 * Runs one state change: a transaction that holds the domain rows, the outbox rows and the idempotency row together, so
 * that either all of them exist or none. Commands that call the outside world do so between two of these, never inside
 * one.
 */
import type { KeyOwner } from "../auth/principal-ids.ts";
import type { Causation, DomainEvent, EventEnvelope } from "../events/envelope.ts";
import type { Outbox } from "../events/outbox.ts";
import { inPlace } from "../fair-places.ts";
import { claimKey, type IdempotentRequest, storingResult } from "./idempotency.ts";
import type { SqlTransaction, TransactionHost } from "./sql-transaction.ts";
import { inTenants, type TransactionEnd } from "./tenant-transaction.ts";

export interface CommandRequest<Result> {
  /** Tenants whose rows the command may touch; a command with an idempotency key needs the key's owner among them. */
  readonly tenants: readonly KeyOwner[];
  readonly causation: Causation;
  readonly idempotency?: IdempotentRequest<Result> | undefined;
}

export interface CommandScope<Tx> {
  readonly tx: Tx;
  /** Records that something happened; appended in this order at the end of the transaction. */
  emit(event: DomainEvent): void;
}

export interface CommandOutcome<Result> {
  readonly result: Result;
  /** The result was stored by an earlier request with the same key. */
  readonly replayed: boolean;
}

export interface CommandDeps<Tx extends SqlTransaction> {
  readonly database: TransactionHost<Tx>;
  readonly outbox: Outbox;
  /**
   * Drops from caches what the events say has changed. Called before the commit, since an event may be out before the
   * command hears of its commit: from then on nothing older may be stored. And after it: nobody may be given what was
   * read before. Never rejects.
   */
  readonly evict?: (events: readonly DomainEvent[]) => Promise<void>;
}

/**
 * @param work does the change
 * @throws UserFailure `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_PROGRESS`; AppError `SERVICE_UNAVAILABLE` when its
 * tenants ask for too much at once; or what `work` throws. Then nothing is written.
 */
export async function runCommand<Tx extends SqlTransaction, Result>(
  deps: CommandDeps<Tx>,
  request: CommandRequest<Result>,
  work: (scope: CommandScope<Tx>) => Promise<Result>,
): Promise<CommandOutcome<Result>> {
  let appended: readonly EventEnvelope[] = [];
  const events: DomainEvent[] = [];
  const change = async (tx: Tx, end: TransactionEnd): Promise<CommandOutcome<Result>> => {
    request.causation.onBegin?.();
    const { idempotency } = request;
    if (idempotency !== undefined) {
      const stored = await claimKey(tx, idempotency);
      if (stored !== undefined) return { result: stored.result, replayed: true };
    }
    const result = await work({ tx, emit: (event) => events.push(event) });
    const stored = idempotency === undefined ? undefined : storingResult(idempotency, result);
    if (events.length > 0) {
      await deps.evict?.(events);
      // Last: it takes the stream's row lock, which every other command of the same tenant waits for.
      end.commitWithNext();
      appended = await deps.outbox.append(tx, events, request.causation, stored);
    } else if (stored !== undefined) {
      end.commitWithNext();
      await tx.$executeRawUnsafe(stored.sql, stored.json);
    }
    return { result, replayed: false };
  };
  const { places } = deps.database;
  const outcome = await inPlace(places?.commands, request.tenants, () =>
    inTenants(deps.database, request.tenants, change),
  );
  if (events.length > 0) await deps.evict?.(events);
  request.causation.onAppended?.(appended);
  return outcome;
}
