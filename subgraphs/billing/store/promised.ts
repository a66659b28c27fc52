/** A row that a foreign key, or the statement before, promises. @throws Error when it is missing */
export function promised<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("a promised row is missing");
  return row;
}
