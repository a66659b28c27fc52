// `npm run load -- revocation`: somebody signs out one of their devices, over and over. How long until it is out: its
// socket on one gateway, and its requests to each of two? With the event log up, and with it cut off. On a distributed
// platform of its own.
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createGraphQLClient } from "../support/client/graphql-client.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type Member, newMember, newOrganization, signIn } from "../support/client/new-member.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { requireServices } from "./distributed-stack.ts";
import { createDurations, type Durations } from "./durations.ts";
import { figure, printDemands, say, table } from "./live/verdict.ts";
import { startMortalBroker } from "./soak/broker.ts";

const OPTIONS = {
  rounds: { type: "string", default: "100" },
  "cut-rounds": { type: "string", default: "1" },
} as const;
const BUDGET = { upMs: 1_000, cutMs: 60_000 };
/** What is asked again and again may be answered at the very end of its time. */
const LOOK_EVERY_MS = 5;
const CUT_LOOK_EVERY_MS = 250;
const DEADLINE_MS = 90_000;
const CUT_MS = 75_000;
const GATEWAYS = 2;
/** One may sign in ten times a minute. */
const ROUNDS_PER_PERSON = 8;

/** @param programArguments `--rounds` with the event log up, `--cut-rounds` with it cut off */
export async function revocation(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const services = await requireServices(["postgres", "redis", "kafka"]);
  const broker = await startMortalBroker();
  const stack = await startStack("distributed", {
    gateways: GATEWAYS,
    settings: {
      ...{ KAFKA_BROKERS: broker.brokers, NODE_ENV: "production", LOG_LEVEL: "warn" },
      RATE_LIMIT_POINTS: "1000000",
    },
  });
  try {
    const [rounds, cutRounds] = [Number(values.rounds), Number(values["cut-rounds"])];
    // Mails follow events: nobody registers while the log is cut off.
    const people = await preparePeople(stack, rounds);
    const cutPeople = await preparePeople(stack, cutRounds);
    const up = await measure(stack, people, rounds, LOOK_EVERY_MS);
    say("cutting the event log off");
    const restarted = broker.restart(CUT_MS);
    const cut = await measure(stack, cutPeople, cutRounds, CUT_LOOK_EVERY_MS);
    const verdict = report(up, cut);
    await restarted;
    return verdict;
  } finally {
    await stack.stop();
    await broker.stop();
    await services.stop();
  }
}

interface Figures {
  readonly socket: Durations;
  /** By gateway: the first is the one that was told to sign out. */
  readonly requests: readonly Durations[];
}

interface Prepared {
  readonly owner: Member;
  readonly organizationId: string;
}

/** As many as so many rounds take. */
async function preparePeople(stack: Stack, rounds: number): Promise<readonly Prepared[]> {
  const people: Prepared[] = [];
  while (people.length * ROUNDS_PER_PERSON < rounds) {
    const owner = await newMember(stack, "Rosa Revoked");
    people.push({ owner, organizationId: (await newOrganization(owner)).organizationId });
  }
  return people;
}

async function measure(
  stack: Stack,
  people: readonly Prepared[],
  rounds: number,
  lookEveryMs: number,
): Promise<Figures> {
  const figures: Figures = { socket: createDurations(), requests: stack.gateways.map(() => createDurations()) };
  for (let round = 0; round < rounds; round += 1) {
    const person = people[Math.floor(round / ROUNDS_PER_PERSON)];
    if (person === undefined) throw new Error("too few people for so many rounds");
    await measureOnce(stack, { ...person, lookEveryMs }, figures);
    if (round % 20 === 19) say(`${round + 1} of ${rounds} rounds`);
  }
  return figures;
}

interface Round extends Prepared {
  readonly lookEveryMs: number;
}

async function measureOnce(
  stack: Stack,
  { owner, organizationId, lookEveryMs }: Round,
  { socket, requests }: Figures,
): Promise<void> {
  const device = await signIn(stack, owner);
  const [, other = stack.gateways[0]] = stack.gateways;
  const live = createLiveClient({
    url: `${(other?.url ?? stack.url).replace("http", "ws")}/graphql`,
    token: device.accessToken,
  });
  try {
    const stream = await live.subscribe(
      "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence } }",
      {
        org: organizationId,
      },
    );
    const clients = stack.gateways.map(({ url }) => createGraphQLClient(`${url}/graphql`, device.accessToken));
    // Each gateway believes in the session before it ends.
    await Promise.all(clients.map((client) => client.request("{ viewer { user { id } } }")));
    await owner.client.mutate("sessionRevoke", { id: device.sessionId }, "revokedIds");
    const committedAt = performance.now();
    const since = () => performance.now() - committedAt;
    const closed = Promise.race([stream.whenEnded.then(since), setTimeout(DEADLINE_MS, Number.NaN, { ref: false })]);
    const refused = clients.map(async (client) => {
      while (since() < DEADLINE_MS) {
        const { status } = await client.send("{ viewer { user { id } } }");
        if (status === 401) return since();
        await setTimeout(lookEveryMs);
      }
      return Number.NaN;
    });
    for (const [index, taken] of (await Promise.all(refused)).entries()) requests[index]?.record(taken);
    socket.record(await closed);
  } finally {
    await live.close();
  }
}

function report(up: Figures, cut: Figures): number {
  const row = (name: string, durations: Durations) => [name, String(durations.count), ...spread(durations)];
  const rows = (name: string, { requests }: Figures) =>
    requests.map((durations, index) => row(`${name}: requests, gateway ${index + 1}`, durations));
  const worst = (all: readonly Durations[]) => Math.max(...all.map((durations) => durations.percentile(100)));
  const upMs = worst([up.socket, ...up.requests]);
  const lines = table([
    ["from the commit, ms", "rounds", "median", "max"],
    row("log up: socket", up.socket),
    ...rows("log up", up),
    // Nobody begins to follow events while there are none: a socket has no figure.
    ...rows("log cut", cut),
  ]);
  return printDemands(lines, [
    { what: "longest with the event log up, ms", value: upMs, atMost: BUDGET.upMs },
    { what: "longest with it cut off, ms", value: worst(cut.requests), atMost: BUDGET.cutMs },
  ]);
}

const spread = (durations: Durations) => [50, 100].map((percent) => figure(durations.percentile(percent), 0));
