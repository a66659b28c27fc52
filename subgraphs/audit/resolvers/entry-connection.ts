/** A page of the audit log, for every field that shows one. */
import type { GraphQLResolveInfo } from "graphql";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { Connection, PageArguments } from "../../../platform/graphql/connection.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { AuditFilter } from "../../../schema/generated/audit.ts";
import type { AuditContext } from "../context.ts";
import type { AuditEntry } from "../domain/audit-entry.ts";
import { type EntryQuery, entryKey, pageEntries } from "../store/entries.ts";

const MAX_FILTER_VALUES = 100;

/**
 * @param name binds cursors to this list, so that one of another list is refused
 * @throws AppError `BAD_USER_INPUT` for a bad page or an oversized filter
 */
export async function entryConnection(
  context: AuditContext,
  name: string,
  query: EntryQuery,
  args: PageArguments,
  info: GraphQLResolveInfo,
): Promise<Connection<AuditEntry>> {
  assertFilter(query.filter);
  return readConnection(
    context,
    { name, keyOf: entryKey, page: (tx, page) => pageEntries(tx, query, page) },
    args,
    info,
  );
}

function assertFilter(filter: AuditFilter): void {
  for (const [name, value] of Object.entries(filter)) {
    if (Array.isArray(value) && value.length > MAX_FILTER_VALUES) {
      throw new AppError("BAD_USER_INPUT", `\`${name}\` takes at most ${MAX_FILTER_VALUES} values.`);
    }
  }
}
