/**
 * Comments wrap at 120 columns. The formatter wraps code and leaves comments alone, so this check reads them. It looks
 * at scripts, SDL, SQL, Prisma models, YAML and `.env.example` below the working directory. Generated files are left
 * out, and so are migrations, since the checksum of a released one is pinned.
 */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { parseSync } from "vite";

const COLUMNS = 120;
const SKIPPED_FOLDERS = new Set(["node_modules", "generated", "dist", "migrations", "test-results"]);
/** The negative examples break the rules; the released migration is a copy that a test compares byte by byte. */
const SKIPPED_PATHS = new Set(["test/negative", "test/integration/prisma/released"]);
const SCRIPTS = new Set([".ts", ".tsx", ".js"]);
/** What begins a comment that takes the rest of its line. */
const LINE_COMMENTS: Readonly<Record<string, string>> = {
  ".graphql": "#",
  ".yaml": "#",
  ".yml": "#",
  ".example": "#",
  ".sql": "--",
  ".prisma": "//",
};
/** Tools read these from one line. */
const DIRECTIVE = /^(?:\/\/|\/\*|#|--)\s*(?:biome-ignore|@ts-|\/\s*<reference)/;
/** A default in `.env.example` is commented out and is no prose. */
const DEFAULT_VALUE = /^# [A-Z][A-Z0-9_]*=/;

/** Files below the folder, in the order of their paths. */
function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder === "" ? "." : folder, { withFileTypes: true });
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) yield path;
    const skipped = entry.name.startsWith(".") || SKIPPED_FOLDERS.has(entry.name) || SKIPPED_PATHS.has(path);
    if (entry.isDirectory() && !skipped) yield* filesBelow(path);
  }
}

/** The part of each line that ends with a comment, by the line's number from 0. */
function commentLines(file: string, lines: readonly string[]): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const mark = LINE_COMMENTS[extname(file)];
  if (mark !== undefined) {
    for (const [number, line] of lines.entries()) if (line.trimStart().startsWith(mark)) found.set(number, line);
    return found;
  }
  let lineStart = 0;
  const starts = lines.map((line) => {
    const start = lineStart;
    lineStart += line.length + 1;
    return start;
  });
  for (const { start, end } of parseSync(file, lines.join("\n")).comments) {
    for (const [number, line] of lines.entries()) {
      const from = starts[number] ?? 0;
      if (from < end && from + line.length > start) found.set(number, line.slice(0, end - from));
    }
  }
  return found;
}

/** No wrapping helps a line whose comment is one word, such as an address. */
const canWrap = (line: string): boolean => /\S\s+\S.*\s\S/.test(line);

const faults: string[] = [];
for (const file of filesBelow("")) {
  const extension = extname(file);
  if (!SCRIPTS.has(extension) && LINE_COMMENTS[extension] === undefined) continue;
  const lines = readFileSync(join(process.cwd(), file), "utf8").split("\n");
  // Few files have such a line: the others need not be parsed.
  if (!lines.some((line) => line.length > COLUMNS)) continue;
  for (const [number, line] of commentLines(file, lines)) {
    const exempt = DIRECTIVE.test(line.trimStart()) || DEFAULT_VALUE.test(line) || !canWrap(line);
    if (line.length <= COLUMNS || exempt) continue;
    faults.push(`${file}:${number + 1}: a comment reaches column ${line.length}: wrap it at ${COLUMNS}`);
  }
}
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
