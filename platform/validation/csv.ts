/**
 * CSV as every export writes it (RFC 4180): no cell is a formula, whatever it was stored as. Source: OWASP, "CSV
 * Injection". What a spreadsheet would take for a formula gets an apostrophe in front, which makes it text there; every
 * text is quoted, so no separator begins a cell of its own. Numbers and moments are ours and stay bare.
 */

export type CsvValue = string | number | bigint | boolean | Date | null;

/** Full-width signs count: Excel reads them alike in some languages. */
const FORMULA_START = /^\s*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A line with its end, CRLF. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: CsvValue): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "string") return String(value);
  const text = FORMULA_START.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
