/**
 * Keyset pages: a page begins beyond the key of a row instead of at a count of rows. So every page costs the same,
 * wherever it is. No row is shown twice because another one was inserted.
 */
import type { Page } from "../graphql/connection.ts";

/** Of the whole list, whichever way a page walks through it. */
export type ListOrder = "ascending" | "descending";

/** Of a store: up to `take + 1` rows in walking order. */
export interface RowPage<Row> {
  readonly rows: readonly Row[];
  /** Null when the page was not to be counted. */
  readonly totalCount: number | null;
}

/** How a page walks by its key, for a Prisma query. */
export interface KeysetWalk {
  readonly order: "asc" | "desc";
  /** One row more than asked: it tells that there are more. */
  readonly take: number;
  /** What lies beyond `key` on this walk. */
  beyond<Key>(key: Key): { readonly gt: Key } | { readonly lt: Key };
}

export function keysetWalk({ direction, take }: Page, list: ListOrder): KeysetWalk {
  const ascending = (direction === "forward") === (list === "ascending");
  return {
    order: ascending ? "asc" : "desc",
    take: take + 1,
    beyond: (key) => (ascending ? { gt: key } : { lt: key }),
  };
}

/** By id, hence by time of creation: ids rise with it. */
export function keysetById(page: Page, list: ListOrder) {
  const { order, take, beyond } = keysetWalk(page, list);
  return { where: page.key === undefined ? {} : { id: beyond(page.key) }, orderBy: { id: order }, take };
}
