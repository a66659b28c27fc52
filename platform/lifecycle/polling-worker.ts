/**
 * A worker that looks for waiting work again and again, and carries it out side by side. A piece that fails holds up no
 * other, and is found again.
 */
import { backoffMs, systemSleep } from "../events/backoff.ts";
import type { Logger } from "../logger/logger.ts";
import type { LifecyclePart } from "./lifecycle.ts";

export interface PollingWorkerOptions<Work> {
  /** Of the part. */
  readonly name: string;
  /** Between two looks that found little, in milliseconds. */
  readonly pollMs: number;
  /** Upper bound of the pause behind failures, in milliseconds, on top of `pollMs`. */
  readonly retryCapMs: number;
  /** How much `find` brings at most: with so much, it looks again at once. */
  readonly batch: number;
  find(): Promise<readonly Work[]>;
  carryOut(work: Work): Promise<void>;
  readonly logger: Logger;
  /** Logged at the first failure in a row. */
  readonly interrupted: string;
}

export function createPollingWorker<Work>(options: PollingWorkerOptions<Work>): LifecyclePart {
  const { name, pollMs, retryCapMs, batch, find, carryOut, logger, interrupted } = options;
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const waiting = await find();
        const results = await Promise.allSettled(waiting.map(carryOut));
        const failed = results.find((result) => result.status === "rejected");
        if (failed !== undefined) throw failed.reason;
        failures = 0;
        if (waiting.length < batch) await systemSleep(pollMs, signal);
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn({ err: error }, interrupted);
        await systemSleep(pollMs + backoffMs({ baseMs: pollMs, capMs: retryCapMs }, failures), signal);
      }
    }
  }

  return {
    name,
    async start() {
      if (running !== undefined) return;
      const abort = new AbortController();
      running = { abort, done: run(abort.signal) };
    },
    async stop() {
      running?.abort.abort();
      await running?.done;
      running = undefined;
    },
  };
}
