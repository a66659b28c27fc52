/**
 * A bounded number of places for work at once, shared fairly. Nobody holds more than their part, and who waits is
 * served in turn by tenant, so that a burst delays its own tenant alone. Guarantees that no work waits longer than it
 * may, where that is bounded: it is refused by name then, and nothing of it has begun.
 */
import { tooBusy } from "./errors/too-busy.ts";

export interface FairPlacesLimits {
  /** Work at once; asked anew whenever work ends, and at least 1. */
  readonly total: number | (() => number);
  /** Work at once for any one tenant. */
  readonly perTenant: number;
  /** How long work waits for its place at most, in milliseconds; absent: as long as it takes. */
  readonly waitMs?: number;
  /**
   * Waiting work per list of tenants; absent: any number. Beyond it the oldest is refused: its caller has waited
   * longest already.
   */
  readonly maxWaiting?: number;
}

export interface FairPlaces {
  /**
   * Runs the work when there is a place for all of its tenants.
   * @throws AppError `SERVICE_UNAVAILABLE` when there was none in time; then the work has not begun
   */
  use<R>(tenants: readonly string[], work: () => Promise<R>): Promise<R>;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  readonly begin: () => void;
  readonly refuse: () => void;
}

interface Queue {
  readonly tenants: readonly string[];
  readonly waiters: Set<Waiter>;
}

export function createFairPlaces(limits: FairPlacesLimits): FairPlaces {
  const { total, perTenant, waitMs, maxWaiting = Number.POSITIVE_INFINITY } = limits;
  const most = typeof total === "number" ? () => total : total;
  /** Work that runs, by tenant. */
  const held = new Map<string, number>();
  /** By their tenants; the queue that was served last is the last. */
  const queues = new Map<string, Queue>();
  let running = 0;

  const hasRoom = (tenants: readonly string[]) =>
    running < most() && tenants.every((tenant) => (held.get(tenant) ?? 0) < perTenant);

  function take(tenants: readonly string[]): void {
    running += 1;
    for (const tenant of tenants) held.set(tenant, (held.get(tenant) ?? 0) + 1);
  }

  function giveBack(tenants: readonly string[]): void {
    running -= 1;
    for (const tenant of tenants) {
      const left = (held.get(tenant) ?? 0) - 1;
      if (left > 0) held.set(tenant, left);
      else held.delete(tenant);
    }
    serve();
  }

  /** One waiter of each queue in turn, round after round, as long as there is room. */
  function serve(): void {
    for (let served = true; served; ) {
      served = false;
      for (const [key, queue] of [...queues]) {
        if (running >= most()) return;
        const [waiter] = queue.waiters;
        if (waiter === undefined || !hasRoom(queue.tenants)) continue;
        leave(key, queue, waiter);
        if (queues.delete(key)) queues.set(key, queue);
        take(queue.tenants);
        waiter.begin();
        served = true;
      }
    }
  }

  function leave(key: string, queue: Queue, waiter: Waiter): void {
    queue.waiters.delete(waiter);
    if (queue.waiters.size === 0) queues.delete(key);
  }

  function wait(tenants: readonly string[]): Promise<void> {
    const key = tenants.join();
    const queue = queues.get(key) ?? { tenants, waiters: new Set<Waiter>() };
    queues.set(key, queue);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const refuse = () => {
      clearTimeout(timer);
      leave(key, queue, waiter);
      reject(tooBusy());
    };
    const timer = waitMs === undefined ? undefined : setTimeout(refuse, waitMs);
    const begin = () => {
      clearTimeout(timer);
      resolve();
    };
    const waiter: Waiter = { begin, refuse };
    queue.waiters.add(waiter);
    const [oldest] = queue.waiters;
    if (queue.waiters.size > maxWaiting) oldest?.refuse();
    return promise;
  }

  return {
    async use(tenants, work) {
      const own = [...new Set(tenants)];
      if (hasRoom(own)) take(own);
      else await wait(own);
      try {
        return await work();
      } finally {
        giveBack(own);
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return [...queues.values()].reduce((sum, { waiters }) => sum + waiters.size, 0);
    },
  };
}

/** The work in a place, where places are kept. */
export function inPlace<R>(
  places: FairPlaces | undefined,
  tenants: readonly string[],
  work: () => Promise<R>,
): Promise<R> {
  return places === undefined ? work() : places.use(tenants, work);
}
