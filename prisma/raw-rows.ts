/**
 * Reads rows of raw SQL as their model in schema.prisma. One generated list names the columns of the statement and
 * checks its rows. So a column that a migration adds is neither left out nor taken for null.
 */
import { raw, type Sql } from "@prisma/client/runtime/client";
import { z } from "zod";

export interface RawRows<Row> {
  readonly table: string;
  /** For `SELECT` and `RETURNING`: all columns of the model, each under the name of its field. Never `*`: the result of
   * a prepared statement may not change when a migration adds a column beside it. */
  readonly columns: Sql;
  /** The same in a statement with several tables. @param alias the table's name there */
  columnsOf(alias: string): Sql;
  /** For a result that holds more than the model's columns. */
  readonly schema: z.ZodType<Row>;
  /** @throws Error when a row lacks a column, or holds a value of another kind than the model says */
  parse(rows: unknown): Row[];
}

/** A client whose raw reads promise nothing about their rows, so that nobody can take them unread for a model's. */
export type UncheckedRawReads<Client> = Omit<Client, "$queryRaw" | "$queryRawUnsafe"> & {
  $queryRaw(query: TemplateStringsArray | Sql, ...values: readonly unknown[]): Promise<unknown>;
  $queryRawUnsafe(query: string, ...values: readonly unknown[]): Promise<unknown>;
};

/** @param columns column by field */
export function rawRows<Row>(
  table: string,
  columns: Readonly<Record<string, string>>,
  schema: z.ZodType<Row>,
): RawRows<Row> {
  const list = z.array(schema);
  const columnsAfter = (prefix: string): Sql =>
    raw(
      Object.entries(columns)
        .map(([field, column]) => `${prefix}"${column}"${field === column ? "" : ` AS "${field}"`}`)
        .join(", "),
    );
  return {
    table,
    columns: columnsAfter(""),
    columnsOf: (alias) => columnsAfter(`"${alias}".`),
    schema,
    parse(rows) {
      const { data, error } = list.safeParse(rows);
      if (error !== undefined) throw new Error(`rows of "${table}" differ from their model: ${z.prettifyError(error)}`);
      return data;
    },
  };
}
