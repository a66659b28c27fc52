/** A row that must exist, by a foreign key or by the statement before. @throws Error when it is missing */
export function requireRow<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("an expected row is missing");
  return row;
}
