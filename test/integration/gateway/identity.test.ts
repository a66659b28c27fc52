import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { expect, test } from "vitest";
import { z } from "zod";
import { signedHeaders } from "../../../gateway/transport/subgraph-headers.ts";
import type { Identity } from "../../../platform/auth/identity.ts";
import { createIdentitySigner, createIdentityVerifier } from "../../../platform/auth/identity-header.ts";
import { systemClock } from "../../../platform/clock.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { RequestContext } from "../../../platform/graphql/request-context.ts";
import { createSubgraphEndpoint } from "../../../platform/graphql/subgraph-endpoint.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { namedId } from "../../support/identities.ts";
import { compose, startInventedGraph } from "./invented-graph.ts";
import { startSignedInGateway } from "./signed-in-gateway.ts";

const SECRETS = ["s".repeat(40)];
const USER: Identity = {
  kind: "USER",
  userId: namedId("usr", "ada"),
  sessionId: namedId("ses", "phone"),
  grants: new Map(),
};

/** Of the platform's kind: one subgraph in this process that tells who asks, and a foreign one over HTTP. */
async function startPlatform(supergraphSdl: string, urls = new Map<string, readonly string[]>()) {
  const folder = await mkdtemp(join(tmpdir(), "tributary-identity-"));
  const SUPERGRAPH_FILE = join(folder, "supergraph.graphql");
  await writeFile(SUPERGRAPH_FILE, supergraphSdl);
  const log: string[] = [];
  const logger = createLogger({ name: "test", level: "info", destination: { write: (line) => void log.push(line) } });
  const seen: RequestContext[] = [];
  const endpoint = createSubgraphEndpoint({
    name: "who",
    typeDefs: WHO,
    resolvers: {
      Query: {
        whoami: (_: unknown, __: unknown, { identity }: RequestContext) => identity.kind,
        broken: () => {
          throw new Error('prisma: SELECT * FROM "secret" at /srv/store.ts:1');
        },
        forbidden: () => {
          throw new AppError("FORBIDDEN", "You may not see this.");
        },
      },
    },
    createContext(request) {
      seen.push(request);
      return request;
    },
    verifier: createIdentityVerifier(SECRETS, "who", systemClock),
    logger,
  });
  const gateway = await startSignedInGateway({
    settings: { SUPERGRAPH_FILE },
    logger,
    headers: signedHeaders(createIdentitySigner(SECRETS, systemClock)),
    async authenticate(token) {
      if (token === undefined) return { identity: { kind: "ANONYMOUS" } };
      if (token === "down") throw new AppError("SERVICE_UNAVAILABLE", "Sign-in cannot be checked.");
      if (token !== "good") throw new AppError("UNAUTHENTICATED", "The access token is not valid.");
      return { identity: USER };
    },
    endpoints: [endpoint],
    urls,
  });
  return {
    seen,
    log,
    async ask(query: string, headers: Record<string, string> = {}) {
      const { text, ...answer } = await gateway.post({ query }, headers);
      const { extensions } = z.object({ extensions: z.unknown().optional() }).parse(JSON.parse(text));
      return { ...answer, extensions };
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const WHO = parse("type Query { whoami: String! broken: String forbidden: String! }");

function whoSupergraph(): string {
  const { supergraphSdl } = composeServices([{ name: "who", url: "http://who.invalid/graphql", typeDefs: WHO }]);
  if (supergraphSdl === undefined) throw new Error("does not compose");
  return supergraphSdl;
}

test("a subgraph learns who asks from the gateway's signature and from nothing that the client sends", async () => {
  await using platform = await startPlatform(whoSupergraph());
  const forged = await createIdentitySigner(SECRETS, systemClock).sign("who", USER, {});
  expect((await platform.ask("{ whoami }", { "x-tributary-identity": forged })).body.data).toEqual({
    whoami: "ANONYMOUS",
  });
  expect((await platform.ask("{ whoami }", { authorization: "Bearer good" })).body.data).toEqual({ whoami: "USER" });
  expect(platform.seen.at(-1)?.client.ip).toBe("127.0.0.1");
});

test("a bad token ends the request before any subgraph hears of it [AU-01]", async () => {
  await using platform = await startPlatform(whoSupergraph());
  for (const authorization of ["Bearer bad", "Basic good", "good", "Bearer", "Bearer good good"]) {
    const { status, body, headers } = await platform.ask("{ whoami }", { authorization });
    expect([status, body.errors?.[0]?.extensions["code"]], authorization).toEqual([401, "UNAUTHENTICATED"]);
    expect(headers.get("www-authenticate")).toBe("Bearer");
    expect(body.data).toBeUndefined();
  }
  const down = await platform.ask("{ whoami }", { authorization: "Bearer down" });
  expect([down.status, down.body.errors?.[0]?.extensions["code"]]).toEqual([503, "SERVICE_UNAVAILABLE"]);
  expect(platform.seen).toHaveLength(0);
});

test("expected refusals pass, faults are masked with an id that finds the log line [GW-09]", async () => {
  await using platform = await startPlatform(whoSupergraph());
  const fault = await platform.ask("{ whoami broken }", { authorization: "Bearer good" });
  expect(fault.status).toBe(200);
  expect(fault.body.data).toEqual({ whoami: "USER", broken: null });
  const [error] = fault.body.errors ?? [];
  expect(error?.extensions).toMatchObject({ code: "INTERNAL_SERVER_ERROR", status: 500 });
  expect(JSON.stringify(fault.body)).not.toMatch(/prisma|SELECT|secret|stack|\.ts/i);
  const id = String(error?.extensions["errorId"]);
  expect(platform.log.some((line) => line.includes(id) && line.includes("SELECT"))).toBe(true);

  const refusal = await platform.ask("{ forbidden }");
  expect([refusal.status, refusal.body.data]).toEqual([200, null]);
  expect(refusal.body.errors).toMatchObject([
    { message: "You may not see this.", path: ["forbidden"], extensions: { code: "FORBIDDEN", status: 403 } },
  ]);
});

test("cost, trace and masked errors are the gateway's: a foreign subgraph's own answer has none of them, and its words stay inside [S7]", async () => {
  await using graph = await startInventedGraph();
  const supergraph = compose({ products: "http://products.invalid/", reviews: "http://reviews.invalid/" });
  const urls = new Map([["products", [graph.products.url]]]);
  await using platform = await startPlatform(supergraph, urls);
  const own = await fetch(graph.products.url, { method: "POST", body: JSON.stringify({ query: "{ broken }" }) });
  expect(own.headers.has("x-trace-id")).toBe(false);
  expect(await own.json()).toEqual({
    data: { broken: null },
    errors: [{ message: expect.stringContaining("SELECT"), locations: expect.anything(), path: ["broken"] }],
  });
  const { body, headers, extensions } = await platform.ask("{ topProducts { name } broken refused }");
  expect(extensions).toMatchObject({ cost: { estimated: expect.any(Number), maximum: expect.any(Number) } });
  const traceId = headers.get("x-trace-id");
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  for (const error of body.errors ?? []) expect(error.extensions["traceId"]).toBe(traceId);
  expect(body.data).toMatchObject({ topProducts: [{ name: "Table" }, { name: "Couch" }], broken: null, refused: null });
  expect(JSON.stringify(body)).not.toMatch(/prisma|SELECT|secret|\.ts/i);
  expect(body.errors?.map(({ path, extensions }) => [path?.[0], extensions["code"]]).sort()).toEqual([
    ["broken", "INTERNAL_SERVER_ERROR"],
    ["refused", "FORBIDDEN"],
  ]);
  const sent = graph.products.requests.at(-1);
  expect(sent?.["x-tributary-identity"]).toMatch(/^eyJ/);
  expect(sent?.["traceparent"]).toContain(traceId);
  expect(sent).not.toHaveProperty("authorization");
});
