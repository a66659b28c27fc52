import { AppError } from "../../../platform/errors/app-error.ts";

/** A row that a non-null field points to: it can only be missing when it was removed between two reads of one request. */
export function required<Row>(row: Row | null, what: string): Row {
  if (row === null) throw new AppError("NOT_FOUND", `This ${what} is not there (any more).`);
  return row;
}
