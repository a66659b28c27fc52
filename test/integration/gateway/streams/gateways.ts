// Gateways with a live room and the `streams` subgraph over one event log, as many as a test wants, with or without
// Redis.
import { ApolloServer } from "@apollo/server";
import { createRequestScopes } from "../../../../gateway/errors/request-scope.ts";
import { registerGraphQLRoute } from "../../../../gateway/http/graphql-route.ts";
import { createDocumentGuard } from "../../../../gateway/limits/document-limits.ts";
import { createLive } from "../../../../gateway/live/index.ts";
import { createOperations } from "../../../../gateway/operations/create-operations.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { createStreams } from "../../../../gateway/streams/index.ts";
import { createIdentitySigner, IDENTITY_HEADER } from "../../../../platform/auth/identity-header.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createServer, listen } from "../../../../platform/http/create-server.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import type { LiveStack } from "../live/live-stack.ts";

const SECRET = "a secret that signs identities in tests";

export interface Listed {
  readonly id: string;
  readonly operationName: string | null;
  readonly field: string;
  readonly organization: { readonly id: string } | null;
  readonly session: { readonly id: string };
  readonly transport: string;
  readonly startedAt: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly deliveredCount: string;
  readonly current: boolean;
}

export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly path?: readonly (string | number)[]; readonly extensions?: object }[];
}

export interface StreamsGateway {
  readonly socketUrl: string;
  readonly url: string;
  /** As the viewer whose token it is. */
  list(token?: string): Promise<Answer<{ liveSubscriptions: Listed[] }>>;
  ids(token: string): Promise<string[]>;
  close(token: string | undefined, id: string): Promise<Answer<{ liveSubscriptionClose: ClosePayload }>>;
  stop(): Promise<void>;
}

export interface ClosePayload {
  readonly closedId: string | null;
  readonly userErrors: readonly object[];
}

export interface GatewayOptions {
  readonly redisUrl?: string;
  readonly prefix?: string;
  readonly leaseMs?: number;
}

const LIST = `{ liveSubscriptions {
  id operationName field organization { id } session { id } transport startedAt ip userAgent deliveredCount current
} }`;
const CLOSE =
  "mutation($id: ID!) { liveSubscriptionClose(input: { id: $id }) { closedId userErrors { code field status } } }";

/** @param world who the viewers are, and the log that all gateways share */
export async function startGateway(world: LiveStack, options: GatewayOptions = {}): Promise<StreamsGateway> {
  const logger = createLogger({ name: "streams-test", level: "silent" });
  const streams = createStreams({
    clock: systemClock,
    ids: createIdSource(systemClock),
    logger,
    identitySecrets: [SECRET],
    redis: options.redisUrl === undefined ? undefined : { url: options.redisUrl, prefix: options.prefix ?? "shared" },
    leaseMs: options.leaseMs ?? 60_000,
  });
  for (const part of streams.parts) await part.start?.();
  const live = createLive({ ...world.ports, subscriptionRegistry: streams.subscriptionRegistry });
  await live.start();
  const apollo = new ApolloServer<GatewayContext>({ schema: world.ports.schema.current().apiSchema });
  await apollo.start();
  const server = createServer({ logger, maxBodyBytes: 262_144 });
  registerGraphQLRoute(server, {
    server: apollo,
    authenticator: world.ports.authenticator,
    operations: await createOperations({ ...world.ports, manifests: [] }),
    guard: createDocumentGuard({ maxTokens: 1_000, maxDepth: 15, maxAliases: 30, maxRootFields: 20 }),
    scopes: createRequestScopes(),
    logger,
    forward: [],
    landingHeaders: {},
    live,
  });
  server.server.on("upgrade", (request, socket, head) => live.handleUpgrade(request, socket, head));
  const port = await listen(server, "127.0.0.1", 0, "PORT");
  const signer = createIdentitySigner([SECRET], systemClock);

  async function ask<Data>(token: string | undefined, query: string, variables = {}): Promise<Answer<Data>> {
    const { identity: viewer } = await world.ports.authenticator.authenticate(token, {});
    // The invented shops of the live graph are no organisations, and this subgraph asks for no permission.
    const identity = viewer.kind === "USER" ? { ...viewer, grants: new Map() } : viewer;
    const headers = { [IDENTITY_HEADER]: await signer.sign("streams", identity, {}) };
    const { body } = await streams.endpoint.handle(headers, { query, variables });
    return JSON.parse(JSON.stringify(body));
  }

  const gateway: StreamsGateway = {
    socketUrl: `ws://127.0.0.1:${port}/graphql`,
    url: `http://127.0.0.1:${port}/graphql`,
    list: (token) => ask(token, LIST),
    async ids(token) {
      const { data } = await gateway.list(token);
      return (data?.liveSubscriptions ?? []).map(({ id }) => id);
    },
    close: (token, id) => ask(token, CLOSE, { id }),
    async stop() {
      await live.stop();
      for (const part of streams.parts) await part.stop?.();
      server.server.closeAllConnections();
      await server.close();
      await apollo.stop();
    },
  };
  return gateway;
}
