/** What the stores share: keyset pages, and enum columns read back as the types that the schema gives them. */
import type { Page } from "../../../platform/graphql/connection.ts";

/** The value, which a CHECK constraint keeps within `values`. */
export function oneOf<Value extends string>(values: readonly Value[], value: string): Value {
  const known = values.find((candidate) => candidate === value);
  if (known === undefined) throw new Error(`unexpected value ${JSON.stringify(value)}, known are ${values.join(", ")}`);
  return known;
}

/** The part of a Prisma query that reads one page, one row more than asked for. Ids rise with time. */
export function pageOf(page: Page, order: "oldestFirst" | "newestFirst") {
  const ascending = (page.direction === "forward") === (order === "oldestFirst");
  return {
    after: page.key === undefined ? {} : { id: ascending ? { gt: page.key } : { lt: page.key } },
    orderBy: { id: ascending ? ("asc" as const) : ("desc" as const) },
    take: page.take + 1,
  };
}

export interface RowPage<Row> {
  readonly rows: readonly Row[];
  /** Null when the page was not to be counted. */
  readonly totalCount: number | null;
}
