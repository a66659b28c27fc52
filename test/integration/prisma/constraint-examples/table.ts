// Examples of rows for the checks of a table.

/** Columns and their values. What the values refer to need not exist: references are looked at after the checks. */
export type Row = Readonly<Record<string, unknown>>;

export interface Table {
  /** A row that all checks let pass. */
  readonly row: Row;
  /** What of it makes each check refuse it. */
  readonly violations: Readonly<Record<string, readonly Row[]>>;
}

export type Tables = Readonly<Record<string, Table>>;

export const now = "2026-01-01T00:00:00Z";
export const later = "2026-02-01T00:00:00Z";
