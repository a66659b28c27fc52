// `npm run load -- compare NAME --with CHECKOUT`: runs the same load of this checkout and of another one, in turns. So
// a machine that is slower for a minute is slower for both. Compares what each table says of processor time.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cpuFigures } from "./cpu-figures.ts";
import { median } from "./gateway/load-figures.ts";
import { figure, type Limit, printVerdict, say, table } from "./live/verdict.ts";

/** Processor time per request or frame may grow by this much. */
const AT_MOST = 1.05;
const OWN = fileURLToPath(new URL("../../", import.meta.url));

const OPTIONS = {
  with: { type: "string" },
  rounds: { type: "string", default: "5" },
  /** Rows to compare, as a regular expression; default: all. */
  rows: { type: "string", default: "." },
} as const;

/**
 * @param programArguments name of the load, `--with` the other checkout (its packages installed), `--rounds`, `--rows`;
 * what follows `--` goes to the load
 */
export async function compare(programArguments: readonly string[]): Promise<number> {
  const end = programArguments.indexOf("--");
  const own = end === -1 ? programArguments : programArguments.slice(0, end);
  const passedOn = end === -1 ? [] : programArguments.slice(end + 1);
  const { values, positionals } = parseArgs({ args: [...own], options: OPTIONS, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined || values.with === undefined) {
    process.stderr.write(
      "npm run load -- compare NAME --with CHECKOUT [--rounds N] [--rows PATTERN] [-- options of the load]\n",
    );
    return 2;
  }
  const rounds = Number(values.rounds);
  const wanted = new RegExp(values.rows);
  const ours = new Map<string, number[]>();
  const theirs = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    // Who begins changes from round to round.
    const turns = [
      { checkout: OWN, into: ours },
      { checkout: resolve(values.with), into: theirs },
    ];
    for (const { checkout, into } of round % 2 === 0 ? turns : turns.toReversed()) {
      say(`round ${round + 1} of ${rounds}: ${name} of ${checkout}`);
      for (const [row, value] of cpuFigures(await outputOf(checkout, [name, ...passedOn]))) {
        if (wanted.test(row)) into.set(row, [...(into.get(row) ?? []), value]);
      }
    }
  }
  return report(ours, theirs);
}

function report(ours: ReadonlyMap<string, readonly number[]>, theirs: ReadonlyMap<string, readonly number[]>): number {
  const compared = [...ours].flatMap(([row, own]) => {
    const others = theirs.get(row);
    if (others === undefined || others.length !== own.length) return [];
    return [{ row, own, others, ratio: median(own.map((value, round) => value / (others[round] ?? Number.NaN))) }];
  });
  const rows = [
    ["processor time", "this", "other", "ratio", "of the rounds"],
    ...compared.map(({ row, own, others, ratio }) => [
      row,
      figure(median(own), 3),
      figure(median(others), 3),
      figure(ratio, 3),
      own.map((value, round) => figure(value / (others[round] ?? Number.NaN), 2)).join(" "),
    ]),
  ];
  const limits: Limit[] = compared.map(({ row, ratio }) => ({ what: `${row}, ratio`, value: ratio, atMost: AT_MOST }));
  const nothing: Limit = { what: "rows compared", value: compared.length, atLeast: 1 };
  return printVerdict(table(rows), [nothing, ...limits]);
}

/** A load that misses a budget of its own ends with 1 and has measured all the same. */
async function outputOf(checkout: string, loadArguments: readonly string[]): Promise<string> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=TimeoutNegativeWarning", "test/load/main.ts", ...loadArguments],
    {
      cwd: checkout,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  if (code !== 0 && code !== 1) throw new Error(`${loadArguments.join(" ")} in ${checkout} ended with ${code}`);
  return Buffer.concat(chunks).toString();
}
