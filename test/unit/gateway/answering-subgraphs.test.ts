import { parse } from "graphql";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createAnsweringCheck } from "../../../gateway/embedded/answering-subgraphs.ts";
import { createIdentitySigner, createIdentityVerifier } from "../../../platform/auth/identity-header.ts";
import { systemClock } from "../../../platform/clock.ts";
import { createSubgraphEndpoint, type SubgraphEndpoint } from "../../../platform/graphql/subgraph-endpoint.ts";
import { createLifecycle } from "../../../platform/lifecycle/lifecycle.ts";
import { withSharedDefinitions } from "../../../schema/shared-definitions.ts";

const SECRETS = ["s".repeat(32)];
const logger = pino({ level: "silent" });
const signer = createIdentitySigner(SECRETS, systemClock);

/** A subgraph as the platform makes them, which accepts what these secrets sign. */
const subgraph = (name: string, secrets = SECRETS): SubgraphEndpoint =>
  createSubgraphEndpoint({
    name,
    typeDefs: parse(withSharedDefinitions("type Query { thing: ID }", name)),
    resolvers: {},
    createContext: (request) => request,
    verifier: createIdentityVerifier(secrets, name, systemClock),
    logger,
  });
const critical = (name: string, check: () => Promise<void>) => ({ name, critical: true, check });
const fine = async () => undefined;
const away = async () => {
  throw new Error("connection refused");
};

test("a platform whose subgraphs and databases all answer starts", async () => {
  const endpoints = [subgraph("notes"), subgraph("tags")];
  const lifecycle = createLifecycle(logger);
  lifecycle.add(createAnsweringCheck({ endpoints, checks: [critical("notes database", fine)], signer }));
  await lifecycle.start();
  expect(lifecycle.phase).toBe("running");
});

test("a platform does not run before each subgraph and each database that it needs answers, and names those that do not", async () => {
  const endpoints = [subgraph("notes"), subgraph("tags", ["another secret of at least 32 characters"])];
  const checks = [critical("notes database", away), { name: "event log", critical: false, check: away }];
  const stopped: string[] = [];
  const lifecycle = createLifecycle(logger);
  lifecycle.add({ name: "earlier part", stop: async () => void stopped.push("earlier part") });
  lifecycle.add(createAnsweringCheck({ endpoints, checks, signer }));
  const failure = await lifecycle.start().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(String(failure)).toMatch(/the subgraph tags: /);
  expect(String(failure)).toContain("notes database: connection refused");
  expect(String(failure)).not.toMatch(/subgraph notes|event log/);
  expect(lifecycle.phase).toBe("stopped");
  expect(stopped).toEqual(["earlier part"]);
});
