// `npm run load -- deploy`: two gateways behind a balancer, on a distributed platform of its own. Each is stopped and
// started again while 200 requests a second and live events to 500 sockets flow.
import { parseArgs } from "node:util";
import { startDistributedStack } from "./distributed-stack.ts";
import { tell } from "./live/follower.ts";
import { figure, type Limit, printVerdict, say } from "./live/verdict.ts";
import { type RollingOutcome, runRollingDeploy } from "./rolling-deploy.ts";

const OPTIONS = {
  sockets: { type: "string", default: "500" },
  rate: { type: "string", default: "200" },
  tenants: { type: "string", default: "20" },
  calm: { type: "string", default: "5" },
} as const;
const BUDGET = { unreadyMs: 1_000, exitMs: 10_000 };

/**
 * @param programArguments `--sockets`, `--rate` of requests per second, `--tenants`, `--calm` seconds between the stops
 */
export async function deploy(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const plan = {
    sockets: Number(values.sockets),
    perSecond: Number(values.rate),
    tenants: Number(values.tenants),
    calmMs: Number(values.calm) * 1_000,
  };
  const stack = await startDistributedStack({
    gateways: 2,
    settings: { LOG_LEVEL: "warn", SEED_DEMO: "false", DRAIN_NOTICE_MS: "4000" },
  });
  try {
    say(`${plan.sockets} sockets and ${plan.perSecond} requests a second; each of two gateways is stopped in turn`);
    return report(await runRollingDeploy(stack, plan));
  } finally {
    await stack.stop();
  }
}

function report({ stops, requests, figures, delivery, lost, problems, refused }: RollingOutcome): number {
  const { delivered, repeated, outOfOrder } = delivery;
  const { status, connection, answer } = requests.failures;
  const share = (100 * delivered) / (delivered + lost);
  const spread = ({ percentile, count }: typeof figures.gap) =>
    `p50 ${figure(percentile(50), 0)} ms, p99 ${figure(percentile(99), 0)} ms, max ${figure(percentile(100), 0)} ms of ${count}`;
  const lines = [
    `frames         ${figure(share, 3)} % delivered (${delivered}), ${lost} lost, ${repeated} repeated, ${outOfOrder} out of order`,
    `requests       ${requests.reads.count + requests.writes.count} answered, ${status} non-2xx, ${connection} reset, ${answer} with errors; ${refused} connections that no gateway took`,
    `closes         ${tell(figures.closes)}; attempts refused: ${tell(figures.refusals)}`,
    ...stops.map(
      ({ unready, held, lastCloseMs, exit, exitMs }, index) =>
        `gateway ${index + 1}      /ready ${unready.status} after ${figure(unready.afterMs, 0)} ms, request under way ${held.status}, last close after ${figure(lastCloseMs, 0)} ms, exit ${exit.code ?? exit.signal} after ${figure(exitMs, 0)} ms`,
    ),
    `resume gap     ${spread(figures.gap)}, from a socket's end to its stream's being placed again, the server's advice to wait included`,
    `replay         ${spread(figures.replay)} who had missed some, from connecting to the last missed event`,
  ];
  const unasked = [...figures.closes].filter(([code]) => code !== 1001 && code !== 1012);
  const limits: Limit[] = [
    { what: "gateways stopped", value: stops.length, atLeast: 2 },
    { what: "requests", value: requests.reads.count + requests.writes.count, atLeast: 1 },
    { what: "frames", value: delivered, atLeast: 1 },
    { what: "frames lost", value: lost, atMost: 0 },
    { what: "frames repeated or out of order", value: repeated + outOfOrder, atMost: 0 },
    { what: "answers other than 2xx", value: status, atMost: 0 },
    { what: "requests reset", value: connection, atMost: 0 },
    { what: "answers with errors", value: answer, atMost: 0 },
    { what: "sockets closed with another code than 1001 and 1012", value: unasked.length, atMost: 0 },
    { what: "subscribers' problems", value: problems.length, atMost: 0 },
    ...stops.flatMap(({ unready, held, exit, exitMs }, index): Limit[] => [
      {
        what: `gateway ${index + 1}: status of /ready while stopping`,
        value: unready.status,
        atLeast: 503,
        atMost: 503,
      },
      { what: `gateway ${index + 1}: ms from SIGTERM to that`, value: unready.afterMs, atMost: BUDGET.unreadyMs },
      { what: `gateway ${index + 1}: status of the request under way`, value: held.status, atLeast: 200, atMost: 200 },
      { what: `gateway ${index + 1}: exit code`, value: exit.code ?? Number.NaN, atMost: 0 },
      { what: `gateway ${index + 1}: ms from SIGTERM to exit`, value: exitMs, atMost: BUDGET.exitMs },
    ]),
  ];
  const samples = [...requests.samples, ...problems.slice(0, 3)].map((sample) => `problem        ${sample}`);
  return printVerdict([...lines, ...samples], limits);
}
