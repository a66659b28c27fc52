// `npm run load -- <name> [options]`: measures a running platform under load. Exits 1 when a budget is missed, 2 for a
// wrong call.
import { backlog } from "./backlog.ts";
import { commit } from "./commit.ts";
import { compare } from "./compare.ts";
import { delivery } from "./delivery.ts";
import { deploy } from "./deploy.ts";
import { fairness } from "./fairness.ts";
import { gateway } from "./gateway.ts";
import { hostile } from "./hostile.ts";
import { idle } from "./idle.ts";
import { jitter } from "./jitter.ts";
import { memberSearch } from "./member-search.ts";
import { overload } from "./overload.ts";
import { platform } from "./platform.ts";
import { redisAway } from "./redis-away.ts";
import { reload } from "./reload.ts";
import { revocation } from "./revocation.ts";
import { signIn } from "./sign-in.ts";
import { smoke } from "./smoke.ts";
import { soak } from "./soak.ts";
import { storm } from "./storm.ts";
import { sustained } from "./sustained.ts";
import { year } from "./year.ts";

const SCENARIOS: Readonly<Record<string, (programArguments: readonly string[]) => Promise<number>>> = {
  smoke,
  delivery,
  idle,
  jitter,
  deploy,
  reload,
  storm,
  commit,
  backlog,
  sustained,
  gateway,
  platform,
  hostile,
  fairness,
  overload,
  soak,
  "sign-in": signIn,
  "member-search": memberSearch,
  revocation,
  "redis-away": redisAway,
  year,
  compare,
};

async function main([name, ...rest]: readonly string[]): Promise<number> {
  const scenario = name === undefined ? undefined : SCENARIOS[name];
  if (scenario !== undefined) return scenario(rest);
  const problem = name === undefined ? "Say which load" : `There is no load "${name}"`;
  process.stderr.write(`${problem}: npm run load -- ${Object.keys(SCENARIOS).join(" | ")}\n`);
  return 2;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 2;
});
