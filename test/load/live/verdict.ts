// A table, figures against their limits, and the exit code.

export interface Limit {
  readonly what: string;
  readonly value: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A figure that is missing (NaN) is within no limit. */
export const isWithin = ({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Limit) =>
  value <= atMost && value >= atLeast;

function told({ what, value, atMost, atLeast }: Limit): string {
  const allowed = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
  return `${what}: ${Math.round(value * 100) / 100}, allowed ${allowed}`;
}

/** @returns the exit code: 1 when a limit is missed; a figure that is missing (NaN) misses its limit */
export function printVerdict(lines: readonly string[], limits: readonly Limit[]): number {
  const missed = limits.filter((limit) => !isWithin(limit));
  const verdicts = missed.map((limit) => `OVER BUDGET    ${told(limit)}`);
  const end = verdicts.length === 0 ? ["within every budget"] : verdicts;
  process.stdout.write(`${["", ...lines, "", ...end].join("\n")}\n`);
  return missed.length === 0 ? 0 : 1;
}

/** As `printVerdict`, with a line for each demand, met or not. */
export function printDemands(lines: readonly string[], demands: readonly Limit[]): number {
  const verdicts = demands.map((demand) => `${isWithin(demand) ? "PASS" : "FAIL"}           ${told(demand)}`);
  process.stdout.write(`${["", ...lines, "", ...verdicts].join("\n")}\n`);
  return demands.every(isWithin) ? 0 : 1;
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
