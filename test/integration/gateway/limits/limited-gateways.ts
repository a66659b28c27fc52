// Gateways over an invented graph that know two people by their tokens, as many as a test wants, with or without Redis
// between them.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeServices } from "@apollo/composition";
import { buildSchema, parse } from "graphql";
import { SignJWT } from "jose";
import { onTestFinished } from "vitest";
import { createLive } from "../../../../gateway/live/index.ts";
import type { GatewaySettings } from "../../../../gateway/ports.ts";
import { forwardedHeaders } from "../../../../gateway/transport/subgraph-headers.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import type { SubgraphEndpoint } from "../../../../platform/graphql/subgraph-endpoint.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createRedisConnection } from "../../../../platform/redis/redis-connection.ts";
import { userWith } from "../../../support/identities.ts";
import { bearer, type HttpAnswer, startSignedInGateway } from "../signed-in-gateway.ts";

export interface LimitedGateway {
  readonly url: string;
  /** POSTs an operation. */
  ask(query: string, token?: string, variables?: Readonly<Record<string, unknown>>): Promise<HttpAnswer>;
  /** How often the subgraph was asked. */
  fetches(): number;
  /** How often a token was checked. */
  checks(): number;
  metrics(): Promise<string>;
}

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@composeDirective"])
    @link(url: "https://tributary.dev/limits/v1.0", import: ["@rateLimit"])
    @composeDirective(name: "@rateLimit")
  directive @rateLimit(windowSeconds: Int!, max: Int!, identityArgs: [String!]! = [], byAddress: Boolean! = false) on FIELD_DEFINITION
  type Query { answer: Int! }
  type Mutation {
    login(input: LoginInput!): Boolean @rateLimit(windowSeconds: 60, max: 10, identityArgs: ["input.email"], byAddress: true)
    invite(email: String!): Boolean @rateLimit(windowSeconds: 60, max: 3)
  }
  input LoginInput { email: String! password: String! }
`;

/** A token that anybody could write; the gateway below knows which ones are good. */
export function tokenOf(user: string): Promise<string> {
  return new SignJWT({ sid: `session-${user}` }).setProtectedHeader({ alg: "HS256" }).setSubject(user).sign(KEY);
}

const KEY = new TextEncoder().encode("only these tests sign with this key");

export interface Between {
  readonly redisUrl?: string;
  /** Of the installation, in Redis. */
  readonly prefix?: string;
  /** With one, sockets are served. */
  readonly eventLog?: EventLog;
}

/** @param good tokens of people */
export async function startLimitedGateway(
  settings: Partial<GatewaySettings>,
  good: ReadonlyMap<string, string>,
  { redisUrl, prefix = "limits-test", eventLog }: Between = {},
): Promise<LimitedGateway> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-limits-"));
  const { supergraphSdl, errors } = composeServices([
    { name: "answers", url: "http://answers.invalid", typeDefs: parse(SDL) },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.join("\n"));
  await writeFile(join(folder, "supergraph.graphql"), supergraphSdl);
  const logger = createLogger({ name: "limits-test", level: "silent" });
  let fetches = 0;
  let checks = 0;
  const endpoint: SubgraphEndpoint = {
    name: "answers",
    schema: buildSchema("type Query { answer: Int! }"),
    takeDenial: async () => undefined,
    async handle() {
      fetches += 1;
      return { status: 200, body: { data: { answer: 42, login: true, invite: true } } };
    },
  };
  const redis =
    redisUrl === undefined ? undefined : createRedisConnection({ url: redisUrl, name: "limits-test", logger });
  const gateway = await startSignedInGateway({
    settings: { SUPERGRAPH_FILE: join(folder, "supergraph.graphql"), ...settings },
    logger,
    headers: forwardedHeaders,
    async authenticate(token) {
      if (token === undefined) return { identity: { kind: "ANONYMOUS" } };
      checks += 1;
      const userId = good.get(token);
      if (userId === undefined) throw new AppError("UNAUTHENTICATED", "No such token.");
      return { identity: userWith({ userId, sessionId: `session-${userId}` }) };
    },
    endpoints: [endpoint],
    ...(eventLog === undefined ? {} : { eventLog, createLive }),
    ...(redis === undefined
      ? {}
      : {
          counting: { redis, prefix },
          parts: [{ name: "redis", start: () => redis.start(), stop: () => redis.stop() }],
        }),
  });
  onTestFinished(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const { url } = gateway;
  return {
    url,
    ask: (query, token, variables) => gateway.post({ query, variables }, bearer(token)),
    fetches: () => fetches,
    checks: () => checks,
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
  };
}
