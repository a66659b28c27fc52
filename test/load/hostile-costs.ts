// What each hostile document costs a gateway in production that has nothing else to do. They are sent one after the
// other, each time as another text. The graphs are the platform's and one that is hard to plan for. Linux.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ACCOUNTS,
  type HostileDocument,
  hostileDocuments,
  ITEMS,
} from "../integration/gateway/limits/hostile-documents.ts";
import { plannerTrap } from "../integration/gateway/limits/planner-trap.ts";
import { freePort } from "../support/ports.ts";
import { type ProjectProcess, startProcess } from "../support/process.ts";
import { createDurations, type Durations } from "./durations.ts";
import { startFlags } from "./gateway/servers.ts";

/** Compilers have seen each document so often before it is measured. */
const WARM_UP = 60;

export interface DocumentCost {
  readonly graph: string;
  readonly name: string;
  /** Processor time in ms of the thread that everybody waits for. */
  readonly main: Durations;
  /** With the threads that compile and collect. */
  readonly all: Durations;
  /** What was answered: the status, and the code of the first error. */
  readonly answer: string;
}

export interface HostileCosts {
  /**
   * Documents that are refused, or that ask for no more than they seem to: the dearest first, by the median of the main
   * thread.
   */
  readonly hostile: readonly DocumentCost[];
  /** Valid ones about as large as the limits allow: what planning them costs, it would cost for anybody, once. */
  readonly large: readonly DocumentCost[];
}

export async function measureHostileCosts(rounds: number): Promise<HostileCosts> {
  const subgraphs = await startEmptySubgraphs();
  const folder = await mkdtemp(join(tmpdir(), "tributary-hostile-"));
  try {
    const address = subgraphs.address();
    if (address === null || typeof address === "string") throw new Error("the subgraphs do not listen");
    const url = `http://127.0.0.1:${address.port}/graphql`;
    const sdl = await readFile("schema/generated/supergraph.graphql", "utf8");
    const platform = { graph: "platform", sdl: sdl.replaceAll(/http:\/\/\w+\.invalid\/graphql/g, url) };
    const trap = { graph: "trap", sdl: plannerTrap(url) };
    const measuring = { folder, rounds };
    const dearestFirst = (costs: readonly DocumentCost[]) =>
      costs.toSorted((a, b) => b.main.percentile(50) - a.main.percentile(50));
    return {
      hostile: dearestFirst([
        // Introspection is dearer where it is answered.
        ...(await measureOn(platform, hostileDocuments(ACCOUNTS), { ...measuring, introspection: true })),
        ...(await measureOn(trap, hostileDocuments(ITEMS), { ...measuring, introspection: false })),
      ]),
      large: dearestFirst([
        ...(await measureOn(platform, largeDocuments(), { ...measuring, introspection: false })),
        ...(await measureOn(trap, largeTraps(), { ...measuring, introspection: false })),
      ]),
    };
  } finally {
    subgraphs.closeAllConnections();
    subgraphs.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measuring {
  readonly folder: string;
  readonly rounds: number;
  readonly introspection: boolean;
}

interface Graph {
  readonly graph: string;
  readonly sdl: string;
}

async function measureOn(
  { graph, sdl }: Graph,
  documents: readonly HostileDocument[],
  { folder, rounds, introspection }: Measuring,
): Promise<DocumentCost[]> {
  const file = join(folder, `${graph}.graphql`);
  await writeFile(file, sdl);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await using gateway = await startProcess({
    entry: "gateway/main.ts",
    entryArguments: ["--supergraph", file, "--port", String(port)],
    nodeArguments: startFlags(),
    env: { NODE_ENV: "production", LOG_LEVEL: "error", INTROSPECTION: String(introspection) },
    ready: new URL(`${url}/health`),
    name: `gateway-hostile-${graph}`,
  });
  const costs: DocumentCost[] = [];
  let salt = 0;
  for (const [name, make] of documents) {
    const [main, all] = [createDurations(), createDurations()];
    let answer = "";
    for (let round = -WARM_UP; round < rounds; round += 1) {
      salt += 1;
      const { query, variables = "{}" } = make(salt);
      const body = `{ "query": ${JSON.stringify(query)}, "variables": ${variables} }`;
      const before = await processorTime(gateway);
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const text = await response.text();
      const after = await processorTime(gateway);
      answer = [response.status, /"code":"(\w+)"/.exec(text)?.[1] ?? ""].join(" ").trim();
      if (round < 0) continue;
      main.record(after.main - before.main);
      all.record(after.all - before.all);
    }
    costs.push({ graph, name, main, all, answer });
  }
  return costs;
}

/** In milliseconds, since the process began. */
async function processorTime({ pid }: ProjectProcess): Promise<{ readonly main: number; readonly all: number }> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const [nanoseconds] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")).split(" ");
      return [thread, Number(nanoseconds) / 1e6] as const;
    }),
  );
  return {
    main: times.find(([thread]) => thread === String(pid))?.[1] ?? Number.NaN,
    all: times.reduce((sum, [, time]) => sum + time, 0),
  };
}

/** One server that answers for every subgraph, at once and with nothing: what is measured is the gateway. */
async function startEmptySubgraphs(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end('{"data":{"item":null,"node":null,"organization":null}}'));
    response.setHeader("content-type", "application/json");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** The ways that lead from an organisation to organisations, each followed at each of so many levels. */
function largeDocuments(): HostileDocument[] {
  const back = (at: number) => `id billingAccount { id organization { ...F${at} } }
    members(first: 1) { edges { node { organization { ...F${at} } } } }
    auditLog(first: 1) { edges { node { organization { ...F${at} } } } }`;
  return [1, 2, 3].map((levels) => [
    `three ways back at each of ${levels} levels`,
    (salt) => ({
      query: `{ organization(id: "x") { ...F0 } } # ${salt}
        ${Array.from({ length: levels }, (_, at) => `fragment F${at} on Organization { ${back(at + 1)} }`).join(" ")}
        fragment F${levels} on Organization { id slug name version billingAccount { currency } roles { id } }`,
    }),
  ]);
}

function largeTraps(): HostileDocument[] {
  const own = (inner: string) => [0, 1, 2, 3, 4].map((at) => `own${at} { ${inner} }`).join(" ");
  return [1, 2, 3].map((levels) => [
    `five subgraphs at each of ${levels} levels`,
    (salt) => ({
      query: `{ node { ...F0 } } # ${salt}
        ${Array.from({ length: levels }, (_, at) => `fragment F${at} on Node { name ${own(`...F${at + 1}`)} }`).join(" ")}
        fragment F${levels} on Node { name }`,
    }),
  ]);
}
