/**
 * Runs one state change: a transaction that holds the domain rows, the outbox rows and the idempotency row together, so that
 * either all of them exist or none. Commands that call the outside world do so between two of these, never inside one.
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { refuse } from "../errors/user-failure.ts";
import type { Causation, DomainEvent, EventEnvelope } from "../events/envelope.ts";
import type { Outbox } from "../events/outbox.ts";
import type { SqlTransaction, TransactionHost } from "./sql-transaction.ts";
import { inTenants } from "./tenant-transaction.ts";

export interface IdempotentRequest {
  /** Chosen by the client. */
  readonly key: string;
  /** Owner of the key: the same key of another tenant is another key. */
  readonly tenant: string;
  readonly command: string;
  /** What the key stands for; another input under the same key is refused. */
  readonly input: unknown;
}

export interface CommandRequest {
  /** Tenants whose rows the command may touch; a command with an idempotency key needs the key's owner among them. */
  readonly tenants: readonly string[];
  readonly causation: Causation;
  readonly idempotency?: IdempotentRequest | undefined;
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
  readonly client: TransactionHost<Tx>;
  readonly outbox: Outbox;
  /**
   * Drops from caches what the events say has changed. Called before the commit, since an event may be out before the command hears of its
   * commit: from then on nothing older may be stored. And after it: nobody may be given what was read before. Never rejects.
   */
  readonly evict?: (events: readonly DomainEvent[]) => Promise<void>;
}

/**
 * @param work does the change; its result must be plain JSON when there is an idempotency key, and must hold no secret
 * @throws UserFailure `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_PROGRESS`, or what `work` throws; then nothing is written
 */
export async function runCommand<Tx extends SqlTransaction, Result>(
  deps: CommandDeps<Tx>,
  request: CommandRequest,
  work: (scope: CommandScope<Tx>) => Promise<Result>,
): Promise<CommandOutcome<Result>> {
  let appended: readonly EventEnvelope[] = [];
  const events: DomainEvent[] = [];
  const outcome = await inTenants(deps.client, request.tenants, async (tx) => {
    const { idempotency } = request;
    if (idempotency !== undefined) {
      const stored = await claimKey<Result>(tx, idempotency);
      if (stored !== undefined) return { result: stored.result, replayed: true };
    }
    const result = await work({ tx, emit: (event) => events.push(event) });
    if (idempotency !== undefined) await storeResult(tx, idempotency, result);
    if (events.length > 0) await deps.evict?.(events);
    // Last: it takes the stream's row lock, which every other command of the same tenant waits for.
    if (events.length > 0) appended = await deps.outbox.append(tx, events, request.causation);
    return { result, replayed: false };
  });
  if (events.length > 0) await deps.evict?.(events);
  request.causation.onAppended?.(appended);
  return outcome;
}

/**
 * Inserts the key, waiting for a concurrent transaction that holds it. The stored result when the key was used before.
 */
async function claimKey<Result>(
  tx: SqlTransaction,
  request: IdempotentRequest,
): Promise<{ result: Result } | undefined> {
  const { tenant, key, command } = request;
  if (key.length < 8 || key.length > 128)
    throw refuse("INVALID", "An idempotency key has 8 to 128 characters, e.g. a UUID.", "idempotencyKey");
  const hash = hashInput(request);
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO idempotency (tenant_id, key, command, input_hash, state) VALUES ($1, $2, $3, $4, 'RUNNING')
     ON CONFLICT (tenant_id, key) DO NOTHING`,
    tenant,
    key,
    command,
    hash,
  );
  if (inserted === 1) return undefined;
  const [row] = await tx.$queryRawUnsafe<{ input_hash: string; state: string; result: { value: Result } }[]>(
    "SELECT input_hash, state, result FROM idempotency WHERE tenant_id = $1 AND key = $2",
    tenant,
    key,
  );
  if (row === undefined) throw new Error("idempotency row vanished");
  if (row.input_hash !== hash) {
    throw refuse(
      "IDEMPOTENCY_MISMATCH",
      "This idempotency key was used with another input: choose a new key.",
      "idempotencyKey",
    );
  }
  if (row.state !== "DONE") {
    throw refuse(
      "IDEMPOTENCY_IN_PROGRESS",
      "The first request with this key is still running: retry shortly.",
      "idempotencyKey",
    );
  }
  return { result: row.result.value };
}

async function storeResult(tx: SqlTransaction, { tenant, key }: IdempotentRequest, result: unknown): Promise<void> {
  await tx.$executeRawUnsafe(
    "UPDATE idempotency SET state = 'DONE', result = $3::jsonb, updated_at = now() WHERE tenant_id = $1 AND key = $2",
    tenant,
    key,
    JSON.stringify({ value: result ?? null }),
  );
}

/** SHA-256 of the canonical JSON (RFC 8785) of command and input, so that key order does not matter. */
function hashInput({ command, input }: IdempotentRequest): string {
  const text = canonicalize([command, JSON.parse(JSON.stringify(input, bigintAsText) ?? "null")]) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
