/**
 * Keeps places busy with addresses that are due. An address has one place at most. Addresses that failed lately share
 * a part of the places, so however many there are and however long each takes, the others go on.
 */
import { backoffMs, systemSleep } from "../events/backoff.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import type { DueAddress, DueLimits } from "./delivery-store.ts";

export interface DeliveryPlaces {
  /** How many attempts run at once, in this process. */
  readonly total: number;
  /** How many of these at addresses whose newest attempt failed. */
  readonly failing: number;
}

export interface DeliveryWorkerOptions {
  /** Of the part. */
  readonly name: string;
  readonly places: DeliveryPlaces;
  /** Between two looks for what is due, in milliseconds. */
  readonly pollMs: number;
  find(limits: DueLimits): Promise<readonly DueAddress[]>;
  carryOut(address: DueAddress): Promise<void>;
  readonly logger: Logger;
}

export interface DeliveryWorker {
  /** Its stop waits for the attempts under way. */
  readonly part: LifecyclePart;
  /** Something is due: look now. Never throws. */
  wake(): void;
}

/** Upper bound of the pause behind looks that failed, in milliseconds. */
const RETRY_CAP_MS = 30_000;

export function createDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const { name, places, pollMs, find, carryOut, logger } = options;
  const busy = new Map<string, DueAddress>();
  const underWay = new Set<Promise<void>>();
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  /** Ends the pause between two looks. */
  let rested = new AbortController();

  function begin(address: DueAddress): void {
    const key = JSON.stringify([address.tenantId, address.address]);
    if (busy.has(key)) return;
    busy.set(key, address);
    const attempt = carryOut(address)
      .then(
        () => true,
        (error: unknown) => {
          logger.warn({ err: error, address: address.address }, "an attempt at a delivery broke off");
          return false;
        },
      )
      .then((well) => {
        busy.delete(key);
        underWay.delete(attempt);
        // The next one of this address, or one that waited for the place. What broke off waits for its lease to end.
        if (well) rested.abort();
      });
    underWay.add(attempt);
  }

  function free(): DueLimits {
    const left = places.total - busy.size;
    const failing = [...busy.values()].filter((address) => address.failing).length;
    return { healthy: left, failing: Math.min(left, Math.max(0, places.failing - failing)) };
  }

  async function look(): Promise<void> {
    const limits = free();
    if (limits.healthy === 0) return;
    const due = await find(limits);
    // Healthy ones first: together they may be more than there are places.
    for (const address of due.toSorted((a, b) => Number(a.failing) - Number(b.failing)).slice(0, limits.healthy)) {
      begin(address);
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      rested = new AbortController();
      try {
        await look();
        failures = 0;
        await systemSleep(pollMs, AbortSignal.any([signal, rested.signal]));
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn({ err: error }, "looking for deliveries was interrupted, it goes on trying");
        await systemSleep(pollMs + backoffMs({ baseMs: pollMs, capMs: RETRY_CAP_MS }, failures), signal);
      }
    }
    await Promise.all(underWay);
  }

  return {
    part: {
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
    },
    wake: () => rested.abort(),
  };
}
