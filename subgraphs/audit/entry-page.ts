/** A page of the audit log, for every field that shows one. */
import type { GraphQLResolveInfo } from "graphql";
import { AppError } from "../../platform/errors/app-error.ts";
import { type Connection, type PageArguments, parsePage, toConnection } from "../../platform/graphql/connection.ts";
import type { AuditFilter } from "../../schema/generated/audit.ts";
import type { AuditContext } from "./context.ts";
import { type AuditEntryRecord, countEntries, pageEntries } from "./store.ts";

const MAX_FILTER_VALUES = 100;

/**
 * @param list binds cursors to this list, so that one of another list is refused
 * @throws AppError `BAD_USER_INPUT` for a bad page or an oversized filter
 */
export async function entryPage(
  { read, cursors }: AuditContext,
  list: string,
  tenantId: string,
  args: PageArguments,
  filter: AuditFilter,
  info: GraphQLResolveInfo,
): Promise<Connection<AuditEntryRecord>> {
  for (const [name, value] of Object.entries(filter)) {
    if (Array.isArray(value) && value.length > MAX_FILTER_VALUES) {
      throw new AppError("BAD_USER_INPUT", `\`${name}\` takes at most ${MAX_FILTER_VALUES} values.`);
    }
  }
  const page = parsePage(list, args, cursors, info);
  const query = { tenantId, filter };
  const [rows, totalCount] = await read(async (tx) => [
    await pageEntries(tx, query, page),
    page.counted ? await countEntries(tx, query) : null,
  ]);
  return toConnection({ list, page, rows, keyOf: (row) => row.sequence.toString(), totalCount }, cursors);
}
