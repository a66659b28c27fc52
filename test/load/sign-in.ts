// `npm run load -- sign-in`: passwords are hashed at cost 12. What do readers notice of three sign-ins a second, and
// what becomes of a hundred at once? On an embedded platform of its own.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Member, newMember } from "../support/client/new-member.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { runArrivals } from "./arrivals.ts";
import { createDurations, type Durations } from "./durations.ts";
import { createLoadClient, type LoadClient } from "./http-client.ts";
import { figure, printDemands, say, table } from "./live/verdict.ts";

const COST = 12;
const OPTIONS = {
  seconds: { type: "string", default: "30" },
  reads: { type: "string", default: "50" },
  "sign-ins": { type: "string", default: "3" },
  flood: { type: "string", default: "100" },
} as const;
const BUDGET = { timesAlone: 2 };
/** One may sign in ten times a minute. */
const PEOPLE = 24;
const AT_ONCE = 2;
const WARM_UP_SECONDS = 5;
const LONGEST_SECONDS = 60;
const MOST_AT_ONCE = 300;

const READ = JSON.stringify({ query: "{ viewer { user { id } } }" });
const SIGN_IN = `mutation SignIn($input: SessionCreateInput!) {
  sessionCreate(input: $input) { session { id } userErrors { code } } }`;

const readAnswer = z.object({ data: z.object({ viewer: z.object({ user: z.object({ id: z.string() }) }) }) });
const signInAnswer = z.object({
  data: z
    .object({ sessionCreate: z.object({ userErrors: z.array(z.object({ code: z.string() })) }).nullable() })
    .nullish(),
  errors: z
    .array(z.object({ extensions: z.looseObject({ code: z.string(), retryAfterSeconds: z.number().optional() }) }))
    .optional(),
});

/** How a sign-in ended: `ok`, the code of what was wrong, or `refused` for want of room, with a time to wait. */
type Ending = string;

/**
 * @param programArguments `--seconds` of each measurement (up to 60), `--reads` and `--sign-ins` a second, `--flood`:
 * how many sign-ins at once (up to 300)
 */
export async function signIn(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const load = {
    seconds: Math.min(LONGEST_SECONDS, Number(values.seconds)),
    reads: Number(values.reads),
    signIns: Number(values["sign-ins"]),
    flood: Math.min(MOST_AT_ONCE, Number(values.flood)),
  };
  const stack = await startStack("embedded", {
    settings: {
      ...{ NODE_ENV: "production", LOG_LEVEL: "fatal", SEED_DEMO: "false" },
      ...{ BCRYPT_COST: String(COST), RATE_LIMIT_POINTS: "1000000" },
    },
  });
  const client = createLoadClient(stack.url);
  try {
    say(`setting up ${PEOPLE} people at ${stack.url}, hashing at cost ${COST}`);
    const people: Member[] = [];
    const makers = Array.from({ length: AT_ONCE }, async (_, maker) => {
      for (let index = maker; index < PEOPLE; index += AT_ONCE) people.push(await newMember(stack, "Sina Load"));
    });
    await Promise.all(makers);
    await read(client, people, load.reads, WARM_UP_SECONDS);

    say(`${load.reads} reads a second, alone for ${load.seconds} s`);
    const alone = await read(client, people, load.reads, load.seconds);
    say(`the same beside ${load.signIns} sign-ins a second`);
    const [beside, endings] = await Promise.all([
      read(client, people, load.reads, load.seconds),
      arrive(client, people, load.signIns, load.seconds),
    ]);
    say(`the same beside ${load.flood} sign-ins at once`);
    const [flooded, floodEndings] = await Promise.all([
      read(client, people, load.reads, load.seconds),
      flood(client, load.flood),
    ]);
    return report({ alone, beside, flooded, endings, floodEndings });
  } finally {
    client.close();
    await stack.stop();
  }
}

interface Reads {
  readonly durations: Durations;
  readonly failures: readonly string[];
}

async function read(client: LoadClient, people: readonly Member[], perSecond: number, seconds: number): Promise<Reads> {
  const durations = createDurations();
  const failures: string[] = [];
  let next = 0;
  await runArrivals({
    ...{ perSecond, seconds },
    async begin(due) {
      next += 1;
      try {
        const { text } = await client.post(people[next % people.length]?.accessToken, READ);
        readAnswer.parse(JSON.parse(text));
        durations.record(performance.now() - due);
      } catch (error) {
        failures.push(String(error).slice(0, 300));
      }
    },
  });
  return { durations, failures };
}

async function attempt(client: LoadClient, input: { email: string; password: string }): Promise<Ending> {
  const { text } = await client.post(undefined, JSON.stringify({ query: SIGN_IN, variables: { input } }));
  const { data, errors = [] } = signInAnswer.parse(JSON.parse(text));
  const [refusal] = errors;
  if (refusal !== undefined) {
    const { code, retryAfterSeconds } = refusal.extensions;
    return code === "SERVICE_UNAVAILABLE" && retryAfterSeconds !== undefined ? "refused" : code;
  }
  return data?.sessionCreate?.userErrors[0]?.code ?? "ok";
}

async function arrive(
  client: LoadClient,
  people: readonly Member[],
  perSecond: number,
  seconds: number,
): Promise<readonly Ending[]> {
  const endings: Ending[] = [];
  let next = 0;
  await runArrivals({
    ...{ perSecond, seconds },
    async begin() {
      const person = people[next % people.length];
      next += 1;
      if (person === undefined) return;
      const { email, password } = person;
      endings.push(await attempt(client, { email, password }).catch(String));
    },
  });
  return endings;
}

/** Of nobody: they take as long as those of somebody. */
function flood(client: LoadClient, count: number): Promise<readonly Ending[]> {
  const strangers = Array.from({ length: count }, () => ({
    email: `nobody.${randomUUID()}@example.com`,
    password: "correct horse battery",
  }));
  return Promise.all(strangers.map((input) => attempt(client, input).catch(String)));
}

interface Outcome {
  readonly alone: Reads;
  readonly beside: Reads;
  readonly flooded: Reads;
  readonly endings: readonly Ending[];
  readonly floodEndings: readonly Ending[];
}

function report({ alone, beside, flooded, endings, floodEndings }: Outcome): number {
  const spread = ({ durations }: Reads) => [50, 99, 100].map((percent) => figure(durations.percentile(percent)));
  const count = (all: readonly Ending[], wanted: Ending) => all.filter((ending) => ending === wanted).length;
  const failures = [alone, beside, flooded].flatMap((reads) => reads.failures);
  const others = floodEndings.filter((ending) => ending !== "INVALID" && ending !== "refused");
  const lines = [
    ...table([
      ["reads, ms", "p50", "p99", "max"],
      ["alone", ...spread(alone)],
      ["beside sign-ins", ...spread(beside)],
      ["beside a flood of them", ...spread(flooded)],
    ]),
    "",
    `sign-ins       ${count(endings, "ok")} of ${endings.length}`,
    `flood          ${count(floodEndings, "INVALID")} looked at, ${count(floodEndings, "refused")} refused with a time to wait`,
    ...[...failures, ...others].slice(0, 5).map((problem) => `problem        ${problem}`),
  ];
  return printDemands(lines, [
    {
      what: "p99 of reads beside sign-ins, times alone",
      value: beside.durations.percentile(99) / alone.durations.percentile(99),
      atMost: BUDGET.timesAlone,
    },
    { what: "failed reads", value: failures.length, atMost: 0 },
    { what: "sign-ins that did not succeed", value: endings.length - count(endings, "ok"), atMost: 0 },
    { what: "sign-ins of the flood that were refused", value: count(floodEndings, "refused"), atLeast: 1 },
    { what: "that ended in another way", value: others.length, atMost: 0 },
  ]);
}
