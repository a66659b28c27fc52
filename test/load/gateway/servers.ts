// The servers that are compared, each alone in a process.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { freePort } from "../../support/ports.ts";
import { type ProjectProcess, startProcess } from "../../support/process.ts";

export const SERVERS = {
  stock: "stock Apollo Gateway",
  pipeline: "ours, stock executor",
  own: "ours, authorization passed on",
  unlike: "ours, no two answers the same bytes",
  shared: "ours, not passed on",
  entities: "ours, entity cache",
  responses: "ours, response cache",
  bare: "bare server, same bytes",
} as const;
export type ServerName = keyof typeof SERVERS;
/** In the order in which they are measured: the first is what the others are compared with. */
export const SERVER_NAMES = [
  "stock",
  "pipeline",
  "own",
  "unlike",
  "shared",
  "entities",
  "responses",
  "bare",
] as const satisfies readonly ServerName[];

export interface GatewayWorld {
  /** Without cache hints, and without the two caches they are for. */
  readonly supergraphFile: string;
  /** The same of subgraphs that send no answer twice. */
  readonly unlikeFile: string;
  /** The same graph with cache hints. */
  readonly hintedFile: string;
  /** What the first server answered. */
  readonly answerFile: string;
  readonly subgraphsUrl: string;
  /** Flags of Node for our gateway. */
  readonly flags: readonly string[];
  /** Folder for CPU profiles. */
  readonly profile: string | undefined;
}

export interface RunningServer {
  readonly url: string;
  readonly process: ProjectProcess;
}

const LISTENING = /^listening on (\d+)$/m;

export async function startServer(name: ServerName, world: GatewayWorld): Promise<RunningServer> {
  switch (name) {
    case "stock":
      return startOther("stock-main", world.supergraphFile, profiling(world));
    case "bare":
      return startOther("bare-main", world.answerFile);
    case "pipeline":
      return startGateway(name, world, world.supergraphFile, { EXECUTOR: "apollo" });
    case "own":
      return startGateway(name, world, world.supergraphFile, {});
    case "unlike":
      return startGateway(name, world, world.unlikeFile, {});
    case "shared":
      return startGateway(name, world, world.supergraphFile, { FORWARD_HEADERS: "none" });
    case "entities":
      return startGateway(name, world, world.hintedFile, { RESPONSE_CACHE_MB: "0" });
    case "responses":
      return startGateway(name, world, world.hintedFile, {});
  }
}

export async function startSubgraphs(): Promise<RunningServer> {
  return startOther("subgraphs-main");
}

async function startOther(name: string, argument?: string, nodeArguments: readonly string[] = []) {
  const process = await startProcess({
    entry: `test/load/gateway/${name}.ts`,
    entryArguments: argument === undefined ? [] : [argument],
    nodeArguments,
    env: { NODE_ENV: "production" },
    ready: LISTENING,
  });
  return { url: `http://127.0.0.1:${process.readyMatch?.[1]}`, process };
}

async function startGateway(
  name: ServerName,
  world: GatewayWorld,
  supergraphFile: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = await startProcess({
    entry: "gateway/main.ts",
    entryArguments: ["--supergraph", supergraphFile, "--port", String(port)],
    nodeArguments: [...world.flags, ...profiling(world)],
    env: { NODE_ENV: "production", LOG_LEVEL: "warn", ...env },
    ready: new URL(`${url}/health`),
    name: `gateway-load-${name}`,
  });
  return { url, process };
}

function profiling({ profile }: GatewayWorld): string[] {
  return profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
}

/** The flags that `npm run start:gateway` gives Node: what is measured is what is started. */
export function startFlags(): string[] {
  const file = new URL("../../../package.json", import.meta.url);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(file, "utf8")));
  const [program, ...words] = scripts["start:gateway"]?.split(" ") ?? [];
  if (program !== "node") throw new Error("start:gateway does not start node");
  return words.filter((word) => word.startsWith("-"));
}
