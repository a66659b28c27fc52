/**
 * Makes a tenant that asks for far more than it may go behind those who do not: into the gaps that they leave. All
 * operations take turns on the process' thread, so whoever keeps it busy makes all the others wait at every step. Among
 * tenants that all ask for too much nobody yields: each has its turn.
 */
import type { ThreadLoad } from "../../../platform/thread-load.ts";
import type { RecentTenants } from "./recent-tenants.ts";
import type { WaitingLines } from "./waiting-lines.ts";

export interface Yielding {
  /** A tenant asked for an operation. */
  asked(tenant: string): void;
  /** One more of a tenant waits. */
  waits(tenant: string): void;
  /** @param own operations of the tenant that run. @param running of all tenants */
  holdsBack(tenant: string, own: number, running: number): boolean;
  /** An operation of the tenant ended. */
  ended(tenant: string): void;
}

export interface YieldingOptions {
  readonly lines: Pick<WaitingLines, "waitingOf" | "unservedMs">;
  readonly load: ThreadLoad;
  /** Who asked lately, and whose lines were long lately. */
  readonly recent: RecentTenants;
  readonly recentlyLong: RecentTenants;
  /** Lets in whoever has room now. */
  readonly serve: () => void;
}

/** So many of a tenant wait only when it asks for many times what it may, and for more than others do. */
const LONG_LINE = 32;
/** It is served once in so long all the same, in milliseconds. */
const LONGEST_BEHIND_MS = 250;
/** Of the thread: from here on tenants yield, until it has this much time. Where stores are what is slow, none does. */
const LOAD = { yield: 0.7, over: 0.35 };
/** From this load on it pauses between two operations: the thread's rest belongs to those who come next. */
const BUSY = 0.5;
/** As a share of the load above that; at full load it is `LONGEST_BEHIND_MS`. */
const PAUSE_MS = LONGEST_BEHIND_MS / (1 - BUSY);

export function createYielding({ lines, load, recent, recentlyLong, serve }: YieldingOptions): Yielding {
  const resting = new Set<string>();
  let isBusy = false;

  const isLong = (tenant: string) => lines.waitingOf(tenant) >= LONG_LINE;

  function yields(tenant: string): boolean {
    if (!isLong(tenant)) return false;
    recentlyLong.note(tenant);
    const { share } = load;
    isBusy = isBusy ? share > LOAD.over : share > LOAD.yield;
    if (!isBusy) return false;
    return recent.othersThan(tenant) > recentlyLong.othersThan(tenant);
  }

  return {
    asked: (tenant) => recent.note(tenant),
    waits(tenant) {
      if (isLong(tenant)) recentlyLong.note(tenant);
    },
    holdsBack(tenant, own, running) {
      if (resting.has(tenant)) return true;
      if (!yields(tenant)) return false;
      return own > 0 || (running > 0 && (lines.unservedMs(tenant) ?? 0) < LONGEST_BEHIND_MS);
    },
    ended(tenant) {
      const pauseMs = PAUSE_MS * (load.share - BUSY);
      if (pauseMs < 1 || resting.has(tenant) || !yields(tenant)) return;
      resting.add(tenant);
      const goOn = () => {
        resting.delete(tenant);
        serve();
      };
      setTimeout(goOn, pauseMs).unref();
    },
  };
}
