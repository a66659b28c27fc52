/**
 * Idempotency keys. A command's answer is stored under the client's key, in the transaction of the change. So a
 * repetition gets the same answer and changes nothing. A key is claimed by inserting its row; a second request waits
 * there for the end of the first.
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { KeyOwner } from "../auth/principal-ids.ts";
import { AppError } from "../errors/app-error.ts";
import { refuse, type UserFailure } from "../errors/user-failure.ts";
import { requireIdempotencyKey } from "../validation/idempotency-key.ts";
import { unstorableText } from "../validation/text/unstorable-text.ts";
import type { SqlTransaction } from "./sql-transaction.ts";

export interface IdempotentRequest<Result> {
  /** Chosen by the client. */
  readonly key: string;
  /** Owner of the key: the same key of another tenant is another key. */
  readonly tenant: KeyOwner;
  readonly command: string;
  /** What the key stands for; another input under the same key is refused. */
  readonly input: unknown;
  /** Of what the command answers: plain JSON, and no secret. A stored answer is read through it. */
  readonly result: z.ZodType<Result>;
}

const CLAIM = `
  INSERT INTO idempotency (tenant_id, key, command, input_hash, state) VALUES ($1, $2, $3, $4, 'RUNNING')
  ON CONFLICT (tenant_id, key) DO NOTHING`;

const FIND = "SELECT input_hash, state, result FROM idempotency WHERE tenant_id = $1 AND key = $2";

/** What is stored under a key. */
export const storedRow = z.object({
  input_hash: z.string(),
  state: z.enum(["RUNNING", "DONE"]),
  result: z.object({ value: z.json() }).nullable(),
});
const storedRows = z.array(storedRow);

/* The row was inserted by this transaction: nobody has seen it RUNNING. */
const STORE = `
  UPDATE idempotency SET state = 'DONE', result = stored.result, updated_at = now()
  FROM json_to_record($1::json) AS stored (tenant text, key text, result jsonb)
  WHERE idempotency.tenant_id = stored.tenant AND idempotency.key = stored.key`;

/**
 * Inserts the key, waiting for a concurrent transaction that holds it.
 * @returns what is stored when the key was used before
 * @throws UserFailure `INVALID`, `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_PROGRESS`; AppError `BAD_USER_INPUT` for an
 * input that cannot be stored
 */
export async function claimKey<Result>(
  tx: SqlTransaction,
  request: IdempotentRequest<Result>,
): Promise<{ result: Result } | undefined> {
  const { tenant, command } = request;
  const key = requireIdempotencyKey(request.key);
  const hash = hashInput(request);
  const inserted = await tx.$executeRawUnsafe(CLAIM, tenant, key, command, hash);
  if (inserted === 1) return undefined;
  const [row] = storedRows.parse(await tx.$queryRawUnsafe(FIND, tenant, key));
  if (row === undefined) throw new Error("idempotency row vanished");
  return { result: readStored(row, { hash, result: request.result }) };
}

/** @throws UserFailure `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_PROGRESS` */
export function readStored<Result>(
  row: z.infer<typeof storedRow>,
  { hash, result }: Pick<IdempotentRequest<Result>, "result"> & { readonly hash: string },
): Result {
  if (row.input_hash !== hash) throw keyMismatch();
  if (row.state !== "DONE" || row.result === null) {
    throw refuse(
      "IDEMPOTENCY_IN_PROGRESS",
      "The first request with this key is still running: retry shortly.",
      "idempotencyKey",
    );
  }
  return result.parse(row.result.value);
}

export function keyMismatch(): UserFailure {
  return refuse(
    "IDEMPOTENCY_MISMATCH",
    "This idempotency key was used with another input: choose a new key.",
    "idempotencyKey",
  );
}

const USED = "SELECT FROM idempotency WHERE tenant_id = $1 AND key = $2";

/** Whether a command was carried out under the key: what it would ask of others before its transaction is not asked. */
export async function isKeyUsed(
  tx: SqlTransaction,
  { tenant, key }: Pick<IdempotentRequest<unknown>, "tenant" | "key">,
): Promise<boolean> {
  return (await tx.$executeRawUnsafe(USED, tenant, key)) > 0;
}

/** Stores the answer under the key that this transaction claimed. Its one parameter, `$1`, is the JSON text. */
export function storingResult(
  { tenant, key }: Pick<IdempotentRequest<unknown>, "tenant" | "key">,
  result: unknown,
): { sql: string; json: string } {
  return { sql: STORE, json: JSON.stringify({ tenant, key, result: { value: result ?? null } }) };
}

/**
 * SHA-256 of the canonical JSON (RFC 8785) of command and input, so that key order does not matter.
 * @throws AppError `BAD_USER_INPUT` for text that has no canonical form
 */
export function hashInput({ command, input }: Pick<IdempotentRequest<unknown>, "command" | "input">): string {
  const problem = unstorableText(input);
  if (problem !== undefined) throw new AppError("BAD_USER_INPUT", `The input holds ${problem}: leave it out.`);
  const text = canonicalize([command, JSON.parse(JSON.stringify(input, bigintAsText) ?? "null")]) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
