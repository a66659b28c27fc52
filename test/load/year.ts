// `npm run load -- year`: a year of a thousand subscriptions on the test clock, on an embedded platform of its own.
// What was collected, credited and given up must equal an independent calculation, account by account.
import { isDeepStrictEqual, parseArgs } from "node:util";
import { type Books, expectedBooks } from "../support/billing-year/expected-books.ts";
import { type AccountApi, liveThrough, readBooks } from "../support/billing-year/live-through.ts";
import { DAY_MS, makeLives } from "../support/billing-year/lives.ts";
import { type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { printDemands, say, table } from "./live/verdict.ts";

const OPTIONS = {
  subscriptions: { type: "string", default: "1000" },
  days: { type: "string", default: "365" },
} as const;
const MOST_SUBSCRIPTIONS = 5_000;
const MOST_DAYS = 700;
const SEED = 1;
/** A person has so many organisations. */
const ORGANIZATIONS_EACH = 20;
const AT_ONCE = 12;
const DEADLINE_MS = 600_000;
const TOLD_EVERY = 100;

interface Outcome {
  readonly expected: Books;
  readonly actual: Books | Error;
}

/** @param programArguments `--subscriptions` (up to 5,000) and `--days` (up to 700) */
export async function year(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const count = Math.min(MOST_SUBSCRIPTIONS, Number(values.subscriptions));
  const days = Math.min(MOST_DAYS, Number(values.days));
  const from = new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, 15));
  const until = new Date(from.getTime() + days * DAY_MS);
  const stack = await startStack("embedded", {
    settings: {
      ...{ NODE_ENV: "production", LOG_LEVEL: "fatal", SEED_DEMO: "false", BCRYPT_COST: "4" },
      RATE_LIMIT_POINTS: "10000000",
    },
  });
  try {
    say(`${count} subscriptions at ${stack.url}, ${days} days from ${from.toISOString().slice(0, 10)}`);
    const started = performance.now();
    const lives = makeLives(count, { from, days, seed: SEED });
    const outcomes: Outcome[] = [];
    const waiting = lives.entries();
    const worker = async (): Promise<void> => {
      let owner: Member | undefined;
      for (const [at, life] of waiting) {
        if (owner === undefined || at % ORGANIZATIONS_EACH < AT_ONCE) owner = await newMember(stack, "Yara Load");
        const api = await accountOf(owner);
        const lived = liveThrough(api, life, until, DEADLINE_MS).then(() => readBooks(api));
        const actual = await lived.catch((error: unknown) =>
          error instanceof Error ? error : new Error(String(error)),
        );
        outcomes.push({ expected: expectedBooks(life, until), actual });
        if (outcomes.length % TOLD_EVERY === 0) say(`${outcomes.length} of ${count}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return report(outcomes, count, (performance.now() - started) / 1_000);
  } finally {
    await stack.stop();
  }
}

async function accountOf(owner: Member): Promise<AccountApi> {
  const { accountId } = await newOrganization(owner, "Year Works");
  return { accountId, run: (query, variables) => owner.client.request(query, variables) };
}

const SUMS = ["collected", "invoiced", "credited", "credit", "lost"] as const;

function report(outcomes: readonly Outcome[], count: number, seconds: number): number {
  const wrong = outcomes.filter(({ expected, actual }) => !isDeepStrictEqual(expected, actual));
  for (const { expected, actual } of wrong.slice(0, 5)) say(`expected ${told(expected)}\n     got ${told(actual)}`);
  const sumOf = (name: (typeof SUMS)[number], which: "expected" | "actual"): bigint =>
    outcomes.reduce((sum, { [which]: books }) => (books instanceof Error ? sum : sum + books[name]), 0n);
  const rows = SUMS.map((name) => [name, String(sumOf(name, "expected")), String(sumOf(name, "actual"))]);
  const invoices = outcomes.reduce((sum, { expected }) => sum + expected.invoices, 0);
  return printDemands(
    [
      ...table([["minor units", "calculated", "platform"], ...rows]),
      `${invoices} invoices in ${seconds.toFixed(0)} s, ${(invoices / seconds).toFixed(1)} a second`,
    ],
    [
      { what: "accounts", value: outcomes.length, atLeast: count },
      { what: "accounts whose books differ", value: wrong.length, atMost: 0 },
      ...SUMS.map((name) => ({
        what: `${name}, platform less calculation`,
        value: Number(sumOf(name, "actual") - sumOf(name, "expected")),
        ...{ atMost: 0, atLeast: 0 },
      })),
    ],
  );
}

const told = (books: Books | Error): string =>
  books instanceof Error
    ? books.message
    : JSON.stringify(books, (_, value) => (typeof value === "bigint" ? String(value) : value));
