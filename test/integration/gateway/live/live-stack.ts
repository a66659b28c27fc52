// A live room over real sockets and a real Postgres log; around it the smallest gateway that can carry it.

import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { execute, type GraphQLError, parse } from "graphql";
import { z } from "zod";
import { toGatewayError } from "../../../../gateway/errors/public-error.ts";
import { createDocumentGuard } from "../../../../gateway/limits/document-limits.ts";
import { createLive } from "../../../../gateway/live/index.ts";
import type {
  Authentication,
  Authenticator,
  Eviction,
  GatewaySettings,
  LivePart,
  LivePorts,
  PlanFeatures,
  Revocation,
  SchemaGeneration,
} from "../../../../gateway/ports.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { gatewaySettings } from "../../../../platform/config/settings.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { toPublicError } from "../../../../platform/errors/graphql-errors.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { namedId, userWith } from "../../../support/identities.ts";
import { composeShop, generationOf, type Shop, startShop } from "./shop-graph.ts";

export const TOPIC = "orders.events";
export const ALLOWED_ORIGIN = "https://app.example";

/** Of a gateway that knows callers. */
export interface SignedInPorts extends LivePorts {
  readonly authenticator: Authenticator;
}

export interface LiveStack {
  readonly url: string;
  readonly shop: Shop;
  readonly live: LivePart;
  /** What the live room was given, to build another one beside it. */
  readonly ports: SignedInPorts;
  /** Token → what stands behind it; taking a token out is what a dead session looks like. */
  readonly viewers: Map<string, Authentication>;
  revoke(who: Revocation): void;
  reload(generation: SchemaGeneration): void;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly log: EventLog;
  readonly settings?: Partial<GatewaySettings>;
  readonly planFeatures?: PlanFeatures;
  readonly eviction?: Eviction;
  readonly evictionTopics?: LivePorts["evictionTopics"];
  readonly operations?: LivePorts["operations"];
  /** Default: a free one. */
  readonly port?: number;
}

const ids = createIdSource(systemClock);

export async function startLiveStack({
  log,
  settings,
  planFeatures,
  eviction,
  evictionTopics,
  operations,
  port: wanted = 0,
}: StackOptions): Promise<LiveStack> {
  const logger = createLogger({ name: "live-test", level: "silent" });
  const shop = startShop();
  const viewers = new Map<string, Authentication>();
  const revocations = new Set<(who: Revocation) => void>();
  const reloads = new Set<(generation: SchemaGeneration) => void>();
  let generation = generationOf(composeShop(), "first");
  const ports: SignedInPorts = {
    schema: {
      current: () => generation,
      onChange(listener) {
        reloads.add(listener);
        return () => reloads.delete(listener);
      },
    },
    authenticator: {
      async authenticate(token) {
        if (token === undefined || token === "") return { identity: { kind: "ANONYMOUS" } };
        const viewer = viewers.get(token);
        if (viewer === undefined) throw new AppError("UNAUTHENTICATED", "This token is not valid.");
        return viewer;
      },
      onRevoked(listener) {
        revocations.add(listener);
        return () => revocations.delete(listener);
      },
    },
    executor: {
      async execute({ query, variables, context }) {
        const result = await execute({
          schema: generation.apiSchema,
          document: parse(query),
          rootValue: {
            orders: () => [],
            people: () => {
              throw new AppError("FORBIDDEN", "No.");
            },
          },
          variableValues: variables,
        });
        const { errors, data } = result;
        if (errors === undefined) return { data: data ?? null };
        return {
          data: data ?? null,
          errors: errors.map((error) => toPublicError(error, { logger, traceId: context.trace.traceId })),
        };
      },
    },
    dataSources: () => shop.dataSources,
    eventLog: log,
    settings: {
      ...z.object(gatewaySettings).parse({ CURSOR_SECRET: "a secret that is long enough for tests" }),
      ...settings,
    },
    lifecycle: { phase: "running" },
    clock: systemClock,
    logger,
    parseDocument: createDocumentGuard({ maxTokens: 1_000, maxDepth: 15, maxAliases: 30, maxRootFields: 20 }).parse,
    publicErrors: (errors: readonly GraphQLError[], { trace }) =>
      errors.map((error) => toGatewayError(error, { logger, traceId: trace.traceId })),
    originAllowed: (origin) => origin === undefined || origin === ALLOWED_ORIGIN,
    ...(planFeatures === undefined ? {} : { planFeatures }),
    ...(eviction === undefined ? {} : { eviction }),
    ...(evictionTopics === undefined ? {} : { evictionTopics }),
    ...(operations === undefined ? {} : { operations }),
  };
  const live = createLive(ports);
  await live.start();
  const server: Server = createServer((_, response) => response.writeHead(404).end());
  server.on("upgrade", (request, socket, head) => live.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(wanted, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/graphql`,
    shop,
    live,
    ports,
    viewers,
    revoke(who) {
      for (const listener of revocations) listener(who);
    },
    reload(next) {
      generation = next;
      for (const listener of reloads) listener(next);
    },
    async stop() {
      await live.stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A viewer of one organisation with these permissions. */
export function viewer(
  userId: string,
  grants: Readonly<Record<string, readonly string[]>>,
  lifetimeMs = 60_000,
): Authentication {
  return {
    identity: userWith({ userId, sessionId: namedId("ses", userId), grants }),
    expiresAt: new Date(Date.now() + lifetimeMs),
  };
}

/** Writes events of one key as the relay would: sequence numbers without gaps, in order. */
export function eventWriter(log: EventLog, key: string, topic: string = TOPIC) {
  let sequence = 0;
  const envelope = (number: number, type: string, data: Readonly<Record<string, unknown>>) =>
    JSON.stringify({
      specversion: "1.0",
      id: ids.uuid(),
      source: "/test/orders",
      type,
      time: new Date().toISOString(),
      subject: `order-${number}`,
      datacontenttype: "application/json",
      data: { orderId: `order-${number}`, price: { minor: "100", parts: [{ label: "a" }] }, ...data },
      partitionkey: key,
      sequence: String(number),
      orgid: key,
      actorkind: "USER",
      actorid: "actor-1",
      aggregateversion: 1,
      correlationid: randomUUID(),
      hop: 0,
    });
  return {
    get sequence() {
      return sequence;
    },
    /** Says that this many events happened without storing them. */
    skip(count: number) {
      sequence += count;
    },
    async append(count: number, type = "orders.order.placed.v1", data: Readonly<Record<string, unknown>> = {}) {
      const values = Array.from({ length: count }, (_, index) => envelope(sequence + index + 1, type, data));
      sequence += count;
      await log.append(
        topic,
        values.map((value) => ({ key, value })),
      );
      return values;
    },
    again: (values: readonly string[]) =>
      log.append(
        topic,
        values.map((value) => ({ key, value })),
      ),
  };
}
