/** A page of the audit log, for every field that shows one. */
import type { GraphQLResolveInfo } from "graphql";
import type { Connection, PageArguments } from "../../../platform/graphql/connection.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { AuditContext } from "../context.ts";
import type { AuditEntry } from "../domain/audit-entry.ts";
import { type EntryQuery, entryKey, pageEntries } from "../store/entries.ts";

/**
 * @param name binds cursors to this list, so that one of another list is refused
 * @throws AppError `BAD_USER_INPUT` for a bad page
 */
export async function entryConnection(
  context: AuditContext,
  name: string,
  query: EntryQuery,
  args: PageArguments,
  info: GraphQLResolveInfo,
): Promise<Connection<AuditEntry>> {
  return readConnection(
    context,
    { name, keyOf: entryKey, page: (tx, page) => pageEntries(tx, query, page) },
    args,
    info,
  );
}
