// Gateways over an invented graph that know two people by their tokens, as many as a test wants, with or without Redis between them.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeServices } from "@apollo/composition";
import { buildSchema, parse } from "graphql";
import { SignJWT } from "jose";
import { onTestFinished } from "vitest";
import { z } from "zod";
import type { AuthenticatorPart } from "../../../../gateway/auth/authenticator.ts";
import { createGateway } from "../../../../gateway/index.ts";
import { createLive } from "../../../../gateway/live/index.ts";
import type { GatewaySettings } from "../../../../gateway/ports.ts";
import { forwardedHeaders } from "../../../../gateway/transport/subgraph-headers.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { parseConfig } from "../../../../platform/config/parse-config.ts";
import { gatewaySettings } from "../../../../platform/config/settings.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import type { SubgraphEndpoint } from "../../../../platform/graphql/subgraph-endpoint.ts";
import { createLifecycle } from "../../../../platform/lifecycle/lifecycle.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createRedisConnection } from "../../../../platform/redis/redis-connection.ts";
import { type Answer, BRIEF_NOTICE_MS, parseAnswer } from "../standalone-gateway.ts";

export interface LimitedGateway {
  readonly url: string;
  /** POSTs an operation. */
  ask(query: string, token?: string, variables?: Readonly<Record<string, unknown>>): Promise<LimitedAnswer>;
  /** How often the subgraph was asked. */
  fetches(): number;
  /** How often a token was checked. */
  checks(): number;
  metrics(): Promise<string>;
}

export interface LimitedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Answer;
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
  const lifecycle = createLifecycle(logger);
  let fetches = 0;
  let checks = 0;
  const endpoint: SubgraphEndpoint = {
    name: "answers",
    schema: buildSchema("type Query { answer: Int! }"),
    async handle() {
      fetches += 1;
      return { status: 200, body: { data: { answer: 42, login: true, invite: true } } };
    },
  };
  const authenticator: AuthenticatorPart = {
    name: "authenticator",
    onRevoked: () => () => undefined,
    forget: async () => undefined,
    async authenticate(token) {
      if (token === undefined) return { identity: { kind: "ANONYMOUS" } };
      checks += 1;
      const userId = good.get(token);
      if (userId === undefined) throw new AppError("UNAUTHENTICATED", "No such token.");
      return { identity: { kind: "USER", userId, sessionId: `session-${userId}`, grants: new Map() } };
    },
  };
  const redis =
    redisUrl === undefined ? undefined : createRedisConnection({ url: redisUrl, name: "limits-test", logger });
  if (redis !== undefined) lifecycle.add({ name: "redis", start: () => redis.start(), stop: () => redis.stop() });
  const defaults = parseConfig(z.object(gatewaySettings), {
    CURSOR_SECRET: "c".repeat(32),
    GATEWAY_PORT: "0",
    DRAIN_NOTICE_MS: BRIEF_NOTICE_MS,
  });
  const gateway = await createGateway({
    settings: { ...defaults, SUPERGRAPH_FILE: join(folder, "supergraph.graphql"), ...settings },
    production: false,
    release: "test",
    host: "127.0.0.1",
    lifecycle,
    clock: systemClock,
    logger,
    headers: forwardedHeaders,
    authenticator,
    endpoints: [endpoint],
    ...(eventLog === undefined ? {} : { eventLog, createLive }),
    ...(redis === undefined ? {} : { counting: { redis, prefix } }),
  });
  await lifecycle.start();
  onTestFinished(async () => {
    await lifecycle.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${gateway.port}`;
  return {
    url,
    async ask(query, token, variables) {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, headers: response.headers, body: parseAnswer(await response.text()) };
    },
    fetches: () => fetches,
    checks: () => checks,
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
  };
}
