// `npm run load -- member-search`: an organisation with a million members, and somebody who types beginnings of their
// names and addresses. On an embedded platform of its own; every search goes through the gateway to the database.
import { parseArgs } from "node:util";
import { z } from "zod";
import { newMember, newOrganization } from "../support/client/new-member.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { runArrivals } from "./arrivals.ts";
import { createDurations, type Durations } from "./durations.ts";
import { createLoadClient, type LoadClient } from "./http-client.ts";
import { figure, printDemands, say, table } from "./live/verdict.ts";
import { addMembers, inventNames, type PersonName } from "./member-search/many-members.ts";

const OPTIONS = {
  members: { type: "string", default: "1000000" },
  seconds: { type: "string", default: "30" },
  searches: { type: "string", default: "20" },
} as const;
const BUDGET = { p99Ms: 50 };
const WARM_UP_SECONDS = 15;
const LONGEST_SECONDS = 60;
const MOST_MEMBERS = 2_000_000;
const TOLD_EVERY = 200_000;

const SEARCH = `query($id: ID!, $query: String!) { organization(id: $id) {
  memberSearch(query: $query, first: 20) { edges { node { user { displayName email } } } } } }`;
const VIEWER = JSON.stringify({ query: "{ viewer { user { id } } }" });

const answer = z.object({
  errors: z.undefined().optional(),
  data: z.object({
    organization: z.object({
      memberSearch: z.object({
        edges: z.array(z.object({ node: z.object({ user: z.object({ displayName: z.string() }) }) })),
      }),
    }),
  }),
});

/** What somebody types who looks for a person. */
interface TypedSearch {
  readonly kind: "one letter" | "part of a word" | "a word" | "two words" | "two beginnings" | "nobody";
  readonly query: string;
}

/** @param programArguments `--members` (up to 2,000,000), `--seconds` (up to 60), `--searches` a second */
export async function memberSearch(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const members = Math.min(MOST_MEMBERS, Number(values.members));
  const seconds = Math.min(LONGEST_SECONDS, Number(values.seconds));
  const perSecond = Number(values.searches);
  const stack = await startStack("embedded", {
    settings: {
      ...{ NODE_ENV: "production", LOG_LEVEL: "fatal", SEED_DEMO: "false" },
      ...{ RATE_LIMIT_POINTS: "100000000" },
    },
  });
  const client = createLoadClient(stack.url);
  try {
    const owner = await newMember(stack, "Sina Load");
    const { organizationId } = await newOrganization(owner);
    say(`adding ${members} members`);
    await addMembers(stack.databaseOf("user"), organizationId, members, (done) => {
      if (done % TOLD_EVERY === 0) say(`  ${done}`);
    });
    const size = await rowsOf<{ rows: string; bytes: string }>(
      stack,
      "user",
      `SELECT count(*)::text AS rows, pg_size_pretty(pg_total_relation_size('member_search_term')) AS bytes
       FROM member_search_term`,
    );
    const search = { client, accessToken: owner.accessToken, organizationId };
    await run(search, perSecond, WARM_UP_SECONDS);
    say(`${perSecond} searches a second for ${seconds} s`);
    const found = await run(search, perSecond, seconds);
    const baseline = await viewerReads(client, owner.accessToken, perSecond, seconds);
    return report({ members, found, baseline, size: `${size[0]?.rows} terms in ${size[0]?.bytes}` });
  } finally {
    client.close();
    await stack.stop();
  }
}

interface Searching {
  readonly client: LoadClient;
  readonly accessToken: string;
  readonly organizationId: string;
}

interface Found {
  readonly all: Durations;
  readonly byKind: ReadonlyMap<string, Durations>;
  readonly people: number;
  /** How late the generator itself was. */
  readonly lateness: Durations;
  /** The longest, with the second of the run in which they were due. */
  readonly slowest: readonly string[];
  readonly failures: readonly string[];
}

async function run(
  { client, accessToken, organizationId }: Searching,
  perSecond: number,
  seconds: number,
): Promise<Found> {
  const all = createDurations();
  const byKind = new Map<string, Durations>();
  const failures: string[] = [];
  const next = typist();
  const took: { readonly ms: number; readonly what: string }[] = [];
  const begun = performance.now();
  let people = 0;
  const { lateness } = await runArrivals({
    ...{ perSecond, seconds },
    async begin(due) {
      const { kind, query } = next();
      try {
        const body = JSON.stringify({ query: SEARCH, variables: { id: organizationId, query } });
        const { text } = await client.post(accessToken, body);
        const ms = performance.now() - due;
        const { edges } = answer.parse(JSON.parse(text)).data.organization.memberSearch;
        if (kind !== "nobody" && edges.length === 0) throw new Error(`nobody was found by ${query}`);
        people += edges.length;
        all.record(ms);
        took.push({ ms, what: `${figure(ms)} ms in second ${figure((due - begun) / 1_000)}: ${kind}, "${query}"` });
        const durations = byKind.get(kind) ?? createDurations();
        byKind.set(kind, durations);
        durations.record(ms);
      } catch (error) {
        failures.push(String(error).slice(0, 300));
      }
    },
  });
  const slowest = took.sort((a, b) => b.ms - a.ms).slice(0, 5);
  return { all, byKind, people, lateness, slowest: slowest.map(({ what }) => what), failures };
}

/** Types what is found, each search another one, so that no cache could answer; now and then there is nobody. */
function typist(): () => TypedSearch {
  const nextName = inventNames();
  const random = seededRandom(7);
  const beginning = (word: string, least: number) =>
    word.slice(0, least + Math.floor(random() * Math.max(1, word.length - least)));
  const kinds: ReadonlyArray<readonly [TypedSearch["kind"], (name: PersonName) => string]> = [
    ["one letter", ({ first }) => first.slice(0, 1)],
    ["part of a word", ({ last }) => beginning(last, 2)],
    ["a word", ({ last }) => last],
    ["two words", ({ first, last }) => `${first} ${last}`],
    ["two beginnings", ({ first, last }) => `${beginning(first, 1)} ${beginning(last, 1)}`],
    ["nobody", ({ first }) => `${first.slice(0, 3)} qqq`],
  ];
  let turn = 0;
  return () => {
    const name = nextName();
    const [kind, type] = kinds[turn % kinds.length] ?? kinds[0] ?? ["a word" as const, () => ""];
    turn += 1;
    return { kind, query: type(name) };
  };
}

/** What a read costs that needs no search. */
async function viewerReads(client: LoadClient, accessToken: string, perSecond: number, seconds: number) {
  const durations = createDurations();
  await runArrivals({
    ...{ perSecond, seconds },
    async begin(due) {
      await client.post(accessToken, VIEWER);
      durations.record(performance.now() - due);
    },
  });
  return durations;
}

interface Outcome {
  readonly members: number;
  readonly found: Found;
  readonly baseline: Durations;
  readonly size: string;
}

function report({ members, found, baseline, size }: Outcome): number {
  const spread = (durations: Durations) => [50, 99, 100].map((percent) => figure(durations.percentile(percent)));
  const lines = [
    ...table([
      [`searches among ${members}, ms`, "p50", "p99", "max"],
      ...[...found.byKind].map(([kind, durations]) => [kind, ...spread(durations)]),
      ["all", ...spread(found.all)],
      ["the viewer's own id", ...spread(baseline)],
    ]),
    "",
    `${size}; ${found.people} people shown; the generator was ${figure(found.lateness.percentile(99))} ms late (p99)`,
    ...found.slowest.map((what) => `slow           ${what}`),
    ...found.failures.slice(0, 5).map((problem) => `problem        ${problem}`),
  ];
  return printDemands(lines, [
    { what: "p99 of searches, ms", value: found.all.percentile(99), atMost: BUDGET.p99Ms },
    { what: "failed searches", value: found.failures.length, atMost: 0 },
  ]);
}
