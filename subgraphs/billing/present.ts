/** A row that a foreign key, or the statement before, promises. */
export function present<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("a promised row is missing");
  return row;
}
