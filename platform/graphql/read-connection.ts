/** A connection from a page of rows, read within the tenants of whoever asks. */
import type { GraphQLResolveInfo } from "graphql";
import type { RowPage } from "../database/keyset.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import type { TenantReader } from "../database/tenant-reader.ts";
import {
  type Connection,
  type CursorCodec,
  type Page,
  type PageArguments,
  parsePage,
  toConnection,
} from "./connection.ts";

/** The part of a subgraph's context that lists need. */
export interface ConnectionReader<Tx extends SqlTransaction> {
  readonly services: { readonly cursors: CursorCodec };
  readonly read: TenantReader<Tx>;
}

export interface PagedList<Tx, Row> {
  /** The list's name with the id of its owner and its filter, bound into its cursors. */
  readonly name: string;
  readonly keyOf: (row: Row) => string;
  readonly page: (tx: Tx, page: Page) => Promise<RowPage<Row>>;
}

/** @throws AppError `BAD_USER_INPUT` for a page or a cursor that is not valid */
export async function readConnection<Tx extends SqlTransaction, Row>(
  { services: { cursors }, read }: ConnectionReader<Tx>,
  { name: list, keyOf, page: readPage }: PagedList<Tx, Row>,
  args: PageArguments,
  info: GraphQLResolveInfo,
): Promise<Connection<Row>> {
  const page = parsePage(list, args, cursors, info);
  const { rows, totalCount } = await read((tx) => readPage(tx, page));
  return toConnection({ list, page, rows, keyOf, totalCount }, cursors);
}
