// Choices by chance, the same ones for the same seed.
import { seededRandom } from "../../../support/seeded-random.ts";

export interface Chance {
  /** True with this probability. */
  chance(probability: number): boolean;
  /** A whole number from 0 on. */
  below(count: number): number;
  /** @throws where there is nothing to pick from */
  pick<Item>(items: readonly Item[]): Item;
  /** The same items in another order. */
  shuffled<Item>(items: readonly Item[]): Item[];
}

export function chanceOf(seed: number): Chance {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  return {
    chance: (probability) => random() < probability,
    below,
    pick(items) {
      const found = items[below(items.length)];
      if (found === undefined) throw new Error("nothing to pick from");
      return found;
    },
    shuffled(items) {
      return items
        .map((item) => ({ item, at: random() }))
        .sort((one, other) => one.at - other.at)
        .map(({ item }) => item);
    },
  };
}
