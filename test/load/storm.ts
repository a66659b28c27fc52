// `npm run load -- storm`: 10,000 authenticated sockets on one process, which is killed and started again while events
// are appended: how long until everybody is back and has what was missed.
import { parseArgs } from "node:util";
import { eventWriter } from "../integration/gateway/live/live-stack.ts";
import { freePort } from "../support/ports.ts";
import { type OpenEventLog, openEventLog } from "../support/services/event-log.ts";
import { waitFor } from "../support/wait.ts";
import { createFollowFigures, type Follower, follow, tell } from "./live/follower.ts";
import { type ServerProcess, type ServerTask, startServerProcess } from "./live/measured-server.ts";
import { operationText } from "./live/operation.ts";
import { sumOf } from "./live/receipts.ts";
import { figure, printVerdict, say } from "./live/verdict.ts";

const BUDGET = { backSeconds: 30 };
const OPTIONS = {
  subscribers: { type: "string", default: "10000" },
  shops: { type: "string", default: "1000" },
  rate: { type: "string", default: "100" },
  profile: { type: "string" },
} as const;
const OPENED_AT_ONCE = 100;
const BACK_DEADLINE_MS = 180_000;
const SETTLE_DEADLINE_MS = 30_000;
/** Events flow for this long before the end of the process, and after everybody is back. */
const CALM_MS = 3_000;

/**
 * @param programArguments `--subscribers`, `--shops` (streams they follow), `--rate` of events per second over all
 * streams, `--profile` FOLDER for a CPU profile of the new process
 */
export async function storm(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const subscribers = Number(values.subscribers);
  const world = await openEventLog();
  const shops = Array.from({ length: Number(values.shops) }, (_, index) => `storm-${index}`);
  const first: ServerTask = { ask: "admit", viewers: subscribers, shops, scope: "ORGANIZATION" };
  const options = { eventsUrl: world.eventsUrl, port: await freePort(), first };
  let server: ServerProcess = await startServerProcess("live", options);
  try {
    return await measure(world, server.url, { subscribers, shops, rate: Number(values.rate) }, async () => {
      await server.crash();
      server = await startServerProcess("live", { ...options, profile: values.profile });
      return server;
    });
  } finally {
    await server.stop();
    await world.stop();
  }
}

interface Load {
  readonly subscribers: number;
  readonly shops: readonly string[];
  readonly rate: number;
}

async function measure(
  { log }: OpenEventLog,
  url: string,
  { subscribers, shops, rate }: Load,
  restart: () => Promise<ServerProcess>,
): Promise<number> {
  const streams = shops.map((name) => ({ name, writer: eventWriter(log, name) }));
  const streamOf = (index: number) => streams[index % streams.length] ?? { name: "", writer: eventWriter(log, "") };
  const figures = createFollowFigures();
  const followers: Follower[] = [];
  const begun = performance.now();
  while (followers.length < subscribers) {
    const from = followers.length;
    const opening = Array.from({ length: Math.min(OPENED_AT_ONCE, subscribers - from) }, (_, offset) => {
      const { name, writer } = streamOf(from + offset);
      const operation = { query: operationText(0), variables: { shop: name } };
      return follow({ url, token: `viewer-${from + offset}`, operation, figures, newest: () => writer.sequence });
    });
    followers.push(...(await Promise.all(opening)));
  }
  say(`${subscribers} sockets open after ${figure((performance.now() - begun) / 1_000)} s; ${rate} events a second`);

  let over = false;
  const writing = (async () => {
    const start = performance.now();
    for (let number = 0; !over; number += 1) {
      await pause(start + (number * 1_000) / rate - performance.now());
      await streamOf(number).writer.append(1);
    }
  })();
  await pause(CALM_MS);
  const killed = performance.now();
  const since = () => (performance.now() - killed) / 1_000;
  const restarted = await restart();
  const upAfter = since();
  const missed = streams.map(({ writer }) => writer.sequence);
  const back = () =>
    followers.every(
      ({ following, receipts }, index) => following && receipts.last >= (missed[index % missed.length] ?? 0),
    );
  await waitFor(back, { what: "everybody", deadlineMs: BACK_DEADLINE_MS, intervalMs: 50 }).catch(() => false);
  const backAfter = since();
  const { cpuMs } = await restarted.figures();
  say(`everybody is back and resumed after ${figure(backAfter)} s`);
  await pause(CALM_MS);
  over = true;
  await writing;
  const complete = () => followers.every(({ receipts }, index) => receipts.count >= streamOf(index).writer.sequence);
  await waitFor(complete, { what: "everything", deadlineMs: SETTLE_DEADLINE_MS, intervalMs: 50 }).catch(() => false);

  const sum = sumOf(followers.map(({ receipts }) => receipts));
  const expected = followers.reduce((total, _, index) => total + streamOf(index).writer.sequence, 0);
  const problems = followers.flatMap((follower) => follower.problems);
  const { gap, replay, closes, refusals } = figures;
  const serverErrors = [...refusals].filter(([reason]) => /server response: 5\d\d/.test(reason));
  for (const follower of followers) follower.leave();
  const lines = [
    `back           all ${subscribers} after ${figure(backAfter)} s from the kill; the new process listened after ${figure(upAfter)} s`,
    `server CPU     ${figure(cpuMs / 1_000)} s of the new process until then, its start included`,
    `resume gap     p50 ${figure(gap.percentile(50), 0)} ms, p99 ${figure(gap.percentile(99), 0)} ms of ${gap.count}, from a socket's end to its stream's being placed again`,
    `replay         p50 ${figure(replay.percentile(50), 0)} ms, p99 ${figure(replay.percentile(99), 0)} ms of ${replay.count} who had missed some, from connecting to the last missed event`,
    `closes         ${tell(closes)}`,
    `refused        ${tell(refusals)}`,
    `frames         ${sum.delivered} of ${expected} delivered, ${sum.repeated} repeated, ${sum.outOfOrder} out of order`,
  ];
  return printVerdict(
    [...lines, ...problems.slice(0, 3)],
    [
      { what: "seconds until all were back and resumed", value: backAfter, atMost: BUDGET.backSeconds },
      { what: "streams resumed", value: gap.count, atLeast: subscribers },
      { what: "frames lost", value: expected - sum.delivered, atMost: 0 },
      { what: "frames repeated or out of order", value: sum.repeated + sum.outOfOrder, atMost: 0 },
      { what: "kinds of HTTP 5xx", value: serverErrors.length, atMost: 0 },
      { what: "subscribers' problems", value: problems.length, atMost: 0 },
    ],
  );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
