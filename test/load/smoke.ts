// `npm run load -- smoke`: 20 tenants, 100 live subscribers, 200 requests a second for 30 s on an embedded platform of
// its own.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { type Rate, runMixedLoad } from "./mixed-load.ts";
import { printReport, type SmokeOutcome } from "./report.ts";
import { createServerProbe, probeSettings, type ServerFigures, type ServerProbe } from "./server-figures.ts";

const TENANTS = 20;
const FRESH_EACH = 6;
const SUBSCRIBERS = 100;
/** Compilers and plan caches do their work before the measurement, as in a server that has run for a while. */
const WARM_UP = { perSecond: 100, seconds: 5 };

const OPTIONS = {
  url: { type: "string" },
  rate: { type: "string", default: "200" },
  seconds: { type: "string", default: "30" },
  profile: { type: "string" },
} as const;

/**
 * @param programArguments `--url` of a platform that runs already, `--rate` per second, `--seconds`, `--profile` FILE
 * for a CPU profile
 */
export async function smoke(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const plan = { perSecond: Number(values.rate), seconds: Number(values.seconds) };
  if (values.url !== undefined) return printReport(await measure(values.url, plan));
  const folder = await temporaryFolder();
  const figuresFile = `${folder.path}/figures.json`;
  const profileFile = values.profile === undefined ? undefined : resolve(values.profile);
  const stack = await startStack("embedded", {
    settings: { LOG_LEVEL: "warn", SEED_DEMO: "false", ...probeSettings(figuresFile, profileFile) },
  });
  try {
    return printReport(
      await measure(stack.url, plan, createServerProbe(stack.processOf("gateway").current().pid, figuresFile)),
    );
  } finally {
    await stack.stop();
    await folder.remove();
  }
}

async function measure(url: string, rate: Rate, probe?: ServerProbe): Promise<SmokeOutcome> {
  let server: ServerFigures | undefined;
  const outcome = await runMixedLoad({
    platform: { url, mailbox: `${url}/mailbox` },
    socketUrl: `${url.replace(/^http/, "ws")}/graphql`,
    tenants: TENANTS,
    freshEach: FRESH_EACH,
    subscribers: SUBSCRIBERS,
    warmUp: WARM_UP,
    rate,
    begin: async () => probe?.begin(),
    async end() {
      server = await probe?.end();
    },
  });
  return { ...outcome, server };
}
