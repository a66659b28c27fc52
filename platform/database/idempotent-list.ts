/**
 * Runs many requests of one command and one tenant in one transaction, each under its idempotency key. What was done
 * before is answered as it was then, and what is refused leaves nothing under its key. All that is new is committed
 * together, or not at all.
 */
import { z } from "zod";
import type { KeyOwner } from "../auth/principal-ids.ts";
import { UserFailure } from "../errors/user-failure.ts";
import type { Causation } from "../events/envelope.ts";
import { requireIdempotencyKey } from "../validation/idempotency-key.ts";
import { type CommandDeps, type CommandOutcome, type CommandScope, runCommand } from "./command.ts";
import { hashInput, keyMismatch, readStored, storedRow } from "./idempotency.ts";
import type { SqlTransaction } from "./sql-transaction.ts";

export interface IdempotentList<Result> {
  readonly tenant: KeyOwner;
  readonly command: string;
  /** Chosen by the client, and what each stands for. */
  readonly requests: readonly { readonly key: string; readonly input: unknown }[];
  /** Of what each request is answered: plain JSON, and no secret. */
  readonly result: z.ZodType<Result>;
  readonly causation: Causation;
}

/** A failure stands for one request: nothing of it was done. */
export type ListOutcome<Result> = CommandOutcome<Result> | UserFailure;

/** In the order of their keys: two lists that share some wait for each other, and never crosswise. */
const CLAIM = `
  INSERT INTO idempotency (tenant_id, key, command, input_hash, state)
  SELECT $1, key, $2, hash, 'RUNNING' FROM json_to_recordset($3::json) AS wanted (key text, hash text)
  ORDER BY key COLLATE "C" ON CONFLICT (tenant_id, key) DO NOTHING RETURNING key`;
const FIND = "SELECT key, input_hash, state, result FROM idempotency WHERE tenant_id = $1 AND key = ANY ($2::text[])";
/* The rows were inserted by this transaction: nobody has seen them RUNNING. */
const STORE = `
  UPDATE idempotency SET state = 'DONE', result = stored.result, updated_at = now()
  FROM json_to_recordset($2::json) AS stored (key text, result jsonb)
  WHERE idempotency.tenant_id = $1 AND idempotency.key = stored.key`;
const RELEASE = "DELETE FROM idempotency WHERE tenant_id = $1 AND key = ANY ($2::text[])";

const claimedRows = z.array(z.object({ key: z.string() }));
const storedRows = z.array(storedRow.extend({ key: z.string() }));

/**
 * @param work does what is new, by its places in the list, in this order. @returns for each what it is answered
 * @returns for each request what it is answered, in the order of the list
 * @throws as `runCommand`; UserFailure `INVALID` for a key of another form
 */
export async function runIdempotentList<Tx extends SqlTransaction, Result>(
  deps: CommandDeps<Tx>,
  list: IdempotentList<Result>,
  work: (scope: CommandScope<Tx>, places: readonly number[]) => Promise<readonly (Result | UserFailure)[]>,
): Promise<readonly ListOutcome<Result>[]> {
  const { tenant, command, requests, causation } = list;
  const wanted = requests.map(({ key, input }) => ({
    key: requireIdempotencyKey(key),
    hash: hashInput({ command, input }),
  }));
  // A key that comes twice stands for what it stood for first.
  const firstOf = new Map<string, number>();
  for (const [place, { key }] of wanted.entries()) if (!firstOf.has(key)) firstOf.set(key, place);
  const { result } = await runCommand(deps, { tenants: [tenant], causation }, async (scope) => {
    const outcomes = new Map<number, ListOutcome<Result>>();
    const claimed = await claim(
      scope.tx,
      list,
      [...firstOf.values()].map((place) => wanted[place] ?? fault()),
    );
    const found = await findStored(
      scope.tx,
      list,
      [...firstOf.keys()].filter((key) => !claimed.has(key)),
    );
    const fresh: number[] = [];
    for (const [place, { key, hash }] of wanted.entries()) {
      if (firstOf.get(key) !== place) continue;
      if (claimed.has(key)) fresh.push(place);
      else outcomes.set(place, replay(list, found.get(key) ?? fault(), hash));
    }
    const done = fresh.length === 0 ? [] : await work(scope, fresh);
    for (const [at, place] of fresh.entries()) {
      const answer = done[at] ?? fault();
      outcomes.set(place, answer instanceof UserFailure ? answer : { result: answer, replayed: false });
    }
    await keep(
      scope.tx,
      list,
      fresh.map((place) => [wanted[place]?.key ?? fault(), outcomes.get(place) ?? fault()]),
    );
    return wanted.map(({ key, hash }, place) => {
      const first = firstOf.get(key) ?? fault();
      const outcome = outcomes.get(first) ?? fault();
      if (first === place || outcome instanceof UserFailure) return outcome;
      return wanted[first]?.hash === hash ? { ...outcome, replayed: true } : keyMismatch();
    });
  });
  return result;
}

interface Wanted {
  readonly key: string;
  readonly hash: string;
}

/** @returns the keys that were free, waiting for concurrent transactions that hold some */
async function claim(
  tx: SqlTransaction,
  { tenant, command }: Pick<IdempotentList<unknown>, "tenant" | "command">,
  wanted: readonly Wanted[],
): Promise<ReadonlySet<string>> {
  const rows = claimedRows.parse(await tx.$queryRawUnsafe(CLAIM, tenant, command, JSON.stringify(wanted)));
  return new Set(rows.map(({ key }) => key));
}

type Stored = z.infer<typeof storedRow>;

async function findStored(
  tx: SqlTransaction,
  { tenant }: Pick<IdempotentList<unknown>, "tenant">,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Stored>> {
  if (keys.length === 0) return new Map();
  const rows = storedRows.parse(await tx.$queryRawUnsafe(FIND, tenant, [...keys]));
  return new Map(rows.map((row) => [row.key, row]));
}

function replay<Result>({ result }: IdempotentList<Result>, row: Stored, hash: string): ListOutcome<Result> {
  try {
    return { result: readStored(row, { hash, result }), replayed: true };
  } catch (error) {
    if (error instanceof UserFailure) return error;
    throw error;
  }
}

/** Keeps what was answered under its key, and frees the keys of what was refused. */
async function keep(
  tx: SqlTransaction,
  { tenant }: Pick<IdempotentList<unknown>, "tenant">,
  answers: readonly (readonly [key: string, outcome: ListOutcome<unknown>])[],
): Promise<void> {
  const stored = answers.flatMap(([key, outcome]) =>
    outcome instanceof UserFailure ? [] : [{ key, result: { value: outcome.result ?? null } }],
  );
  if (stored.length > 0) await tx.$executeRawUnsafe(STORE, tenant, JSON.stringify(stored));
  const refused = answers.flatMap(([key, outcome]) => (outcome instanceof UserFailure ? [key] : []));
  if (refused.length > 0) await tx.$executeRawUnsafe(RELEASE, tenant, refused);
}

function fault(): never {
  throw new Error("a request of the list is not answered");
}
