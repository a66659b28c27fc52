// A table, figures against their limits, and the exit code.

export interface Limit {
  readonly what: string;
  readonly value: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** @returns the exit code: 1 when a limit is missed; a figure that is missing (NaN) misses its limit */
export function printVerdict(lines: readonly string[], limits: readonly Limit[]): number {
  const within = ({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Limit) =>
    value <= atMost && value >= atLeast;
  const missed = limits.filter((limit) => !within(limit));
  const verdicts = missed.map(({ what, value, atMost, atLeast }) => {
    const allowed = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
    return `OVER BUDGET    ${what}: ${Math.round(value * 100) / 100}, allowed ${allowed}`;
  });
  const end = verdicts.length === 0 ? ["within every budget"] : verdicts;
  process.stdout.write(`${["", ...lines, "", ...end].join("\n")}\n`);
  return missed.length === 0 ? 0 : 1;
}

/** Columns: the first one to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}

export const figure = (value: number, digits = 1): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");
export const say = (text: string): void => void process.stdout.write(`${text}\n`);
