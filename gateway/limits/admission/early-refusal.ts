/**
 * Refuses calls of a caller of whom most are refused anyhow, before their body is read: a refusal must cost next to
 * nothing when there are many. Half as many again as were let in may still come, so that somebody is always there to be
 * let in. As "Handling overload" in Beyer et al., Site Reliability Engineering (2016), has clients do it.
 */
import { LRUCache } from "lru-cache";

export interface EarlyRefusal {
  /** Is this call to be refused? It is counted as refused then. */
  refuses(caller: string): boolean;
  noteAdmitted(caller: string): void;
  noteRefused(caller: string): void;
  /** Calls that were refused here. */
  readonly refused: number;
}

export interface EarlyRefusalOptions {
  /** In milliseconds; default: `performance.now`. */
  readonly now?: () => number;
  /** In [0, 1); default: `Math.random`. */
  readonly random?: () => number;
}

interface Tally {
  admitted: number;
  refused: number;
  at: number;
}

/** So many times the calls that were let in may come. One that waits in vain costs as much as four here. */
const TIMES_ADMITTED = 1.5;
/** What happened so long ago counts half, in milliseconds. */
const HALF_LIFE_MS = 1_000;
const MAX_CALLERS = 10_000;
/** Less than one call of a caller, half-lives later, is nothing. */
const FORGOTTEN = 0.5;

export function createEarlyRefusal({
  now = () => performance.now(),
  random = Math.random,
}: EarlyRefusalOptions = {}): EarlyRefusal {
  /** Of those who were refused lately; empty while nobody is. */
  const tallies = new LRUCache<string, Tally>({ max: MAX_CALLERS });
  let refused = 0;

  function faded(caller: string): Tally | undefined {
    if (tallies.size === 0) return undefined;
    const tally = tallies.get(caller);
    if (tally === undefined) return undefined;
    const at = now();
    const left = 0.5 ** ((at - tally.at) / HALF_LIFE_MS);
    tally.admitted *= left;
    tally.refused *= left;
    tally.at = at;
    if (tally.refused >= FORGOTTEN) return tally;
    tallies.delete(caller);
    return undefined;
  }

  function noteRefused(caller: string): void {
    const tally = faded(caller);
    if (tally === undefined) tallies.set(caller, { admitted: 0, refused: 1, at: now() });
    else tally.refused += 1;
  }

  return {
    refuses(caller) {
      const tally = faded(caller);
      if (tally === undefined) return false;
      const calls = tally.refused + tally.admitted;
      const share = (calls - TIMES_ADMITTED * tally.admitted) / (calls + 1);
      if (random() >= share) return false;
      tally.refused += 1;
      refused += 1;
      return true;
    },
    noteAdmitted(caller) {
      const tally = faded(caller);
      if (tally !== undefined) tally.admitted += 1;
    },
    noteRefused,
    get refused() {
      return refused;
    },
  };
}
