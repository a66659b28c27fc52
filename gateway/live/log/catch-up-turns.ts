/**
 * Who is behind reads the log and has it enriched in turns: a few parts at once, tenants in turn. Live events go first,
 * and everything else that the process has to do has its turn between two parts; while its thread is busy, a tenant
 * pauses between them. So a tenant that missed a million events slows nobody down but itself. Nobody is refused: what
 * was missed is still there later.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { createFairPlaces } from "../../../platform/fair-places.ts";
import { createThreadLoad, type ThreadLoad } from "../../../platform/thread-load.ts";

export interface CatchUpTurns {
  /**
   * Does one part of a catch-up, or a snapshot, when it is its turn.
   * @param key the stream's: an organisation or a user
   * @param weigh how many events it was. Default: one
   */
  take<R>(key: string, part: () => Promise<R>, weigh?: (done: R) => number): Promise<R>;
  /** Live events are made ready until the promise settles: they go first. */
  giveWayTo(live: Promise<unknown>): void;
  /** Parts under way, and those that wait for their turn. */
  counts(): { readonly running: number; readonly waiting: number };
}

/** Parts at once. */
const MOST = 8;
/** While live events are made ready, or the thread has no time: the others go on, if slowly. */
const BESIDE_OTHERS = 1;
/** From this load on the thread has no time for what can wait. */
const BUSY = 0.6;
/** What a tenant pauses for each of its events, in milliseconds: many times as long as an event takes. */
const PAUSE_MS = { calm: 0.5, busy: 2 };
/** Of one tenant. */
const PER_TENANT = 2;

export function createCatchUpTurns(load: ThreadLoad = createThreadLoad()): CatchUpTurns {
  let live = 0;
  const isBusy = () => load.share > BUSY;
  const places = createFairPlaces({
    total: () => (live > 0 || isBusy() ? BESIDE_OTHERS : MOST),
    perTenant: PER_TENANT,
  });
  const tenants = createFairPlaces({ total: Number.POSITIVE_INFINITY, perTenant: PER_TENANT });
  const settled = () => {
    live -= 1;
  };
  return {
    take: (key, part, weigh = () => 1) =>
      tenants.use([key], async () => {
        const done = await places.use([key], part);
        // What is remembered is there at once: without a pause parts would follow each other and nothing else.
        const pauseMs = weigh(done) * (isBusy() ? PAUSE_MS.busy : PAUSE_MS.calm);
        if (pauseMs < 1) await setImmediate();
        else await setTimeout(pauseMs);
        return done;
      }),
    giveWayTo(work) {
      live += 1;
      work.then(settled, settled);
    },
    counts: () => ({ running: places.running, waiting: places.waiting + tenants.waiting }),
  };
}
