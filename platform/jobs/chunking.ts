/** Splits a list into parts of a bounded size, in its order. */

/** @throws RangeError for a size below 1 */
export function inChunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`a chunk has at least one item: ${size}`);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}
