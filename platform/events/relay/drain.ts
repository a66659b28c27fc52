/**
 * Moves what is unsent, batch by batch. While the log stores a batch, the database marks the one before it and reads
 * the next one. A batch is appended only after the log has stored the former one, which keeps the order.
 */
import type { Client } from "pg";
import type { HeldKeys } from "./held-keys.ts";
import { type Claim, claimRows, markSent, type OutboxRow } from "./outbox-rows.ts";

/** What a batch was and what its stages took, in milliseconds. */
export interface RelayedBatch {
  readonly rows: number;
  readonly claimMs: number;
  readonly appendMs: number;
  readonly markMs: number;
}

export interface DrainOptions {
  readonly client: Client;
  readonly held: HeldKeys;
  /** Rows of the first claim; as long as claims are full, the next ones are larger. */
  readonly batch: number;
  /** Asked before each append: the session still leads, and nobody stops it. */
  readonly leads: () => boolean;
  readonly onBatch?: ((batch: RelayedBatch) => void) | undefined;
}

/** A relay that is behind moves this many times its batch at once. */
const GROWTH = 4;
/** Events are up to half a megabyte each, and a few batches are in memory at once. */
const CLAIM_BYTES = 4 * 1024 * 1024;

/** Resolves when nothing was left to claim, or when `leads` denied; a crash before a mark appends its rows again. */
export async function drainOutbox({ client, held, batch, leads, onBatch }: DrainOptions): Promise<void> {
  let size = batch;
  let marking: Promise<void> = Promise.resolve();
  const claim = (underWay: readonly OutboxRow[]) =>
    claimRows(client, { rows: size, bytes: CLAIM_BYTES }, underWay, held.keys());

  async function mark(rows: readonly OutboxRow[], claimMs: number, appendMs: number): Promise<void> {
    const begun = performance.now();
    await markSent(client, rows);
    onBatch?.({ rows: rows.length, claimMs, appendMs, markMs: performance.now() - begun });
  }

  let next: Promise<Claim> | undefined = claim([]);
  try {
    while (next !== undefined) {
      const { rows, full, tookMs } = await next;
      next = undefined;
      if (rows.length === 0 || !leads()) break;
      if (full) {
        size = batch * GROWTH;
        // The session runs its statements in turn: the former batch is marked before this claim looks.
        next = claim(rows);
        next.catch(() => undefined);
      }
      const begun = performance.now();
      const stored = await held.append(rows);
      const appendMs = performance.now() - begun;
      await marking;
      marking = mark(stored, tookMs, appendMs);
      marking.catch(() => undefined);
    }
  } finally {
    // What the log has stored is marked also when a later batch failed.
    await Promise.allSettled([next, marking]);
  }
  await marking;
}
