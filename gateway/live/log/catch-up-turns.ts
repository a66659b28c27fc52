/**
 * Who is behind reads the log and has it enriched in turns: a few parts at once, tenants in turn, and fewer while live
 * events are made ready. So a tenant that missed a million events slows nobody down but itself. Nobody is refused: what
 * was missed is still there later.
 */
import { createFairPlaces } from "../../../platform/fair-places.ts";

export interface CatchUpTurns {
  /**
   * Does one part of a catch-up, or a snapshot, when it is its turn.
   * @param key the stream's: an organisation or a user
   */
  take<R>(key: string, part: () => Promise<R>): Promise<R>;
  /** Live events are made ready until the promise settles: they go first. */
  giveWayTo(live: Promise<unknown>): void;
  /** Parts under way, and those that wait for their turn. */
  counts(): { readonly running: number; readonly waiting: number };
}

/** Parts at once. */
const MOST = 8;
/** While live events are made ready: the others go on, if slowly. */
const BESIDE_LIVE = 1;
/** Of one tenant. */
const PER_TENANT = 2;

export function createCatchUpTurns(): CatchUpTurns {
  let live = 0;
  const places = createFairPlaces({ total: () => (live > 0 ? BESIDE_LIVE : MOST), perTenant: PER_TENANT });
  const settled = () => {
    live -= 1;
  };
  return {
    take: (key, part) => places.use([key], part),
    giveWayTo(work) {
      live += 1;
      work.then(settled, settled);
    },
    counts: () => ({ running: places.running, waiting: places.waiting }),
  };
}
