/** A connection from a page of rows, read within the tenants of whoever asks. */
import type { GraphQLResolveInfo } from "graphql";
import {
  type Connection,
  type Page,
  type PageArguments,
  parsePage,
  toConnection,
} from "../../platform/graphql/connection.ts";
import type { UserTransaction } from "../../prisma/user/client.ts";
import type { UserContext } from "./context.ts";
import type { RowPage } from "./store/rows.ts";

/** @param list the list's name with the id of its owner, bound into its cursors */
export async function readConnection<Row extends { readonly id: string }>(
  { services, read: readRows }: UserContext,
  list: string,
  args: PageArguments,
  info: GraphQLResolveInfo,
  read: (tx: UserTransaction, page: Page) => Promise<RowPage<Row>>,
): Promise<Connection<Row>> {
  const page = parsePage(list, args, services.cursors, info);
  const { rows, totalCount } = await readRows((tx) => read(tx, page));
  return toConnection({ list, page, rows, keyOf: ({ id }) => id, totalCount }, services.cursors);
}
