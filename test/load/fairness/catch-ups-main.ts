// The process of those who catch up: each reads an organisation's events from one place in the log up to its end, and
// again from there, until the time is over. One line with the figures at the end.
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { openStream } from "../live/stream-client.ts";
import { type CatchUpFigures, catchUpsSchema } from "./catch-ups.ts";

const [, , json = ""] = process.argv;
const { socketUrl, token, organizationId, cursor, until, count, seconds } = catchUpsSchema.parse(JSON.parse(json));
const OPERATION = {
  query: `subscription CatchUps($org: ID!) { billingEvents(organizationId: $org) {
    sequence type occurredAt actor { displayName } event { ... on PaymentMethodAttached { paymentMethod { id brand last4 } } } } }`,
  variables: { org: organizationId },
};

const begun = performance.now();
const isOver = () => performance.now() - begun > seconds * 1_000;
const figures = { frames: 0, rounds: 0, problems: [] as string[] };

async function round(): Promise<void> {
  const caughtUp = Promise.withResolvers<void>();
  const stream = await openStream({
    url: socketUrl,
    announced: true,
    token,
    operation: OPERATION,
    resume: cursor,
    onFrame(sequence) {
      figures.frames += 1;
      if (sequence >= until) caughtUp.resolve();
    },
    onClose: ({ code, reason }) => caughtUp.reject(new Error(`closed ${code} ${reason}`)),
  });
  try {
    await Promise.race([caughtUp.promise, over.promise]);
    if (!isOver()) figures.rounds += 1;
  } finally {
    figures.problems.push(...stream.problems);
    stream.drop();
  }
}

async function catchUpAgain(): Promise<void> {
  while (!isOver()) {
    try {
      await round();
    } catch (error) {
      figures.problems.push(String(error));
      await setTimeout(100);
    }
  }
}

const over = Promise.withResolvers<void>();
void setTimeout(seconds * 1_000 + 50).then(() => over.resolve());
await Promise.all(Array.from({ length: count }, catchUpAgain));
const { user, system } = process.cpuUsage();
const told: CatchUpFigures = {
  ...figures,
  problems: figures.problems.slice(0, 5),
  cpuShare: (user + system) / 1_000 / (performance.now() - begun),
};
process.stdout.write(`figures ${JSON.stringify(told)}\n`);
process.exit();
