/** A connection over rows that are all at hand: few, or part of the request. */
import type { GraphQLResolveInfo } from "graphql";
import {
  type Connection,
  type CursorCodec,
  type Page,
  type PageArguments,
  parsePage,
  toConnection,
} from "./connection.ts";

export interface ListAtHand<Row> {
  /** The list's name with the id of its owner and its filter, bound into its cursors. */
  readonly name: string;
  readonly rows: readonly Row[];
  /** In the order of the keys. */
  readonly keyOf: (row: Row) => string;
}

/** @throws AppError `BAD_USER_INPUT` for a page or a cursor that is not valid */
export function listConnection<Row>(
  cursors: CursorCodec,
  { name: list, rows, keyOf }: ListAtHand<Row>,
  args: PageArguments,
  info: Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">,
): Connection<Row> {
  const page = parsePage(list, args, cursors, info);
  const totalCount = page.counted ? rows.length : null;
  return toConnection({ list, page, rows: rowsOfPage(rows, page, keyOf), keyOf, totalCount }, cursors);
}

/** Up to `take + 1` in walking order. */
function rowsOfPage<Row>(rows: readonly Row[], { direction, take, key }: Page, keyOf: (row: Row) => string): Row[] {
  const forward = direction === "forward";
  const walked = [...rows].sort((a, b) => (keyOf(a) < keyOf(b) === forward ? -1 : 1));
  const beyond = (row: Row) => key === undefined || (forward ? keyOf(row) > key : keyOf(row) < key);
  return walked.filter(beyond).slice(0, take + 1);
}
