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

/** @param capacity how many evictions are remembered: above the most that happen during one load */
export function createEvictionJournal(capacity: number): EvictionJournal {
  const latest: (readonly string[])[] = [];
  let count = 0;
  let forgotten = 0;
  return {
    mark: () => count,
    record(tags) {
      latest[count % capacity] = tags;
      count += 1;
    },
    recordAll() {
      count += 1;
      forgotten = count;
    },
    overtook(mark, tags, until = count) {
      if (mark >= until) return false;
      if (mark < forgotten || count - mark > capacity) return true;
      for (let index = mark; index < until; index += 1) {
        if (latest[index % capacity]?.some((tag) => tags.has(tag)) === true) return true;
      }
      return false;
    },
  };
}
