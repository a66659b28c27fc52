/**
 * The latest evictions, in order. What is loaded is only known by its tags when it is there: the journal then tells
 * whether one of them was evicted since the load began.
 */
export interface EvictionJournal {
  /** Now, to be given to `overtook`. */
  mark(): number;
  record(tags: readonly string[]): void;
  /** Everything was evicted. */
  recordAll(): void;
  /** Was something with one of the tags evicted between the two, by default until now? Yes, when nobody remembers. */
  overtook(mark: number, tags: ReadonlySet<string>, until?: number): boolean;
}

/**
 * @param capacity how many tags are remembered: above the most that are evicted during one load. Evictions differ
 * widely in how many tags they have, so to count evictions would bound no memory.
 */
export function createEvictionJournal(capacity: number): EvictionJournal {
  /** By number, the oldest first. */
  const latest = new Map<number, readonly string[]>();
  let held = 0;
  let count = 0;
  let forgotten = 0;

  function forgetOldest(): void {
    for (const [number, tags] of latest) {
      if (held <= capacity) return;
      latest.delete(number);
      held -= tags.length;
      forgotten = number + 1;
    }
  }

  return {
    mark: () => count,
    record(tags) {
      latest.set(count, tags);
      held += tags.length;
      count += 1;
      forgetOldest();
    },
    recordAll() {
      count += 1;
      forgotten = count;
      latest.clear();
      held = 0;
    },
    overtook(mark, tags, until = count) {
      if (mark >= until) return false;
      if (mark < forgotten) return true;
      for (let number = mark; number < until; number += 1) {
        if (latest.get(number)?.some((tag) => tags.has(tag)) === true) return true;
      }
      return false;
    },
  };
}
