/**
 * Makes a tenant that asks for far more than it may go behind those who do not: into the gaps that they leave. All
 * operations take turns on the process' thread, so whoever keeps it busy makes all the others wait at every step. Among
 * tenants that all ask for too much nobody yields: each has its turn.
 */
import type { ThreadLoad } from "../../../platform/thread-load.ts";
import type { RecentTenants } from "./recent-tenants.ts";
import { createRememberedTenants } from "./remembered-tenants.ts";
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
  readonly lines: Pick<WaitingLines, "waitingOf" | "shedLately" | "unservedMs">;
  readonly load: ThreadLoad;
  /** Who asked lately, and whose lines were long lately. */
  readonly recent: RecentTenants;
  readonly recentlyLong: RecentTenants;
  /** Lets in whoever has room now. */
  readonly serve: () => void;
  /** How long refused callers stay away at most, in milliseconds: then they are all back at once. */
  readonly backWithinMs: number;
  /** In milliseconds. */
  readonly now: () => number;
}

/** So many of a tenant wait only when it asks for many times what it may, and for more than others do. */
const LONG_LINE = 32;
const MAX_REMEMBERED = 1_000;
/** Where half of the others ask for too much as well, the platform is what is too small, and nobody yields. */
const OTHERS_PER_LONG = 2;
/** It is served once in so long all the same, in milliseconds. */
const LONGEST_BEHIND_MS = 250;
/** Of the thread: from here on it is busy. */
const BUSY = 0.35;
/** While the thread is not busy, one more of the tenant runs after each of these, in milliseconds: stores are slow. */
const ONE_MORE_MS = 500;
/**
 * From this load on it pauses between two operations, so long at full load: the thread's rest belongs to those who come
 * next.
 */
const PAUSE = { from: 0.2, fullMs: 500 };

export function createYielding(options: YieldingOptions): Yielding {
  const { lines, load, recent, recentlyLong, serve, backWithinMs, now } = options;
  /** Who asked for far too much. */
  const long = createRememberedTenants({ forMs: backWithinMs, most: MAX_REMEMBERED, now });
  const resting = new Set<string>();
  let busyAt = Number.NEGATIVE_INFINITY;

  function isLong(tenant: string): boolean {
    if (lines.waitingOf(tenant) >= LONG_LINE || lines.shedLately(tenant)) {
      recentlyLong.note(tenant);
      long.note(tenant);
    }
    return long.has(tenant);
  }

  /** @returns how many operations of the tenant may run */
  function placesOf(tenant: string): number {
    if (!isLong(tenant)) return Number.POSITIVE_INFINITY;
    const at = now();
    if (load.share > BUSY) busyAt = at;
    if (recent.othersThan(tenant) <= OTHERS_PER_LONG * recentlyLong.othersThan(tenant)) return Number.POSITIVE_INFINITY;
    return 1 + Math.floor((at - busyAt) / ONE_MORE_MS);
  }

  return {
    asked: (tenant) => recent.note(tenant),
    waits: (tenant) => void isLong(tenant),
    holdsBack(tenant, own, running) {
      if (resting.has(tenant)) return true;
      const places = placesOf(tenant);
      if (own >= places) return true;
      return places === 1 && running > 0 && (lines.unservedMs(tenant) ?? 0) < LONGEST_BEHIND_MS;
    },
    ended(tenant) {
      const pauseMs = (PAUSE.fullMs * (load.share - PAUSE.from)) / (1 - PAUSE.from);
      if (pauseMs < 1 || resting.has(tenant) || placesOf(tenant) === Number.POSITIVE_INFINITY) return;
      resting.add(tenant);
      const goOn = () => {
        resting.delete(tenant);
        serve();
      };
      setTimeout(goOn, pauseMs).unref();
    },
  };
}
