/** A limit on work at once, first come first served. */
export interface Semaphore {
  use<R>(work: () => Promise<R>): Promise<R>;
}

export function createSemaphore(limit: number): Semaphore {
  let taken = 0;
  const waiting: (() => void)[] = [];
  return {
    async use(work) {
      if (taken >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      else taken += 1;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) taken -= 1;
        else next();
      }
    },
  };
}
