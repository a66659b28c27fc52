// A server that is measured: its answer, then its figures under load, as often as wanted.
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { startProcess } from "../../support/process.ts";
import { figuresSchema, type Load, type LoadFigures } from "./load-figures.ts";
import { type GatewayWorld, type ServerName, startServer } from "./servers.ts";
import { QUERY } from "./supergraph.ts";

export interface Run {
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface Subject {
  readonly name: ServerName;
  /** What it answers. */
  readonly text: string;
  measure(run: Run): Promise<LoadFigures>;
  stop(): Promise<void>;
}

/** Starts the server and asks it once. */
export async function startSubject(name: ServerName, world: GatewayWorld): Promise<Subject> {
  const { url, process } = await startServer(name, world);
  const text = await answerOf(url);
  const target = { url, pid: process.pid, askedUrl: `${world.subgraphsUrl}/asked`, bytes: Buffer.byteLength(text) };
  return {
    name,
    text,
    measure: (run) => load({ ...target, ...run }),
    async stop() {
      await process.stop();
    },
  };
}

const answerSchema = z.object({ data: z.unknown(), errors: z.unknown().optional() });

/**
 * Have both answers the same data and errors? Neither the order of keys counts nor what a server says about itself in
 * extensions.
 */
export function sameAnswer(one: string, other: string): boolean {
  return isDeepStrictEqual(answerSchema.parse(JSON.parse(one)), answerSchema.parse(JSON.parse(other)));
}

async function answerOf(url: string): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer first" },
    body: JSON.stringify({ query: QUERY }),
  });
  return response.text();
}

async function load(planned: Load): Promise<LoadFigures> {
  await using client = await startProcess({
    entry: "test/load/gateway/client-main.ts",
    entryArguments: [JSON.stringify(planned)],
  });
  const deadlineMs = (planned.warmUpSeconds + planned.seconds) * 1_000 + 30_000;
  const [, json = ""] = await client.waitForOutput(/^figures (.*)$/m, deadlineMs);
  return figuresSchema.parse(JSON.parse(json));
}
