// The gateway's `/graphql` route over the live room of live-stack.ts, on a port, and readers of both streaming formats.
import { ApolloServer } from "@apollo/server";
import { createRequestScopes } from "../../../../gateway/errors/request-scope.ts";
import { registerGraphQLRoute } from "../../../../gateway/http/graphql-route.ts";
import { createOrigins, registerCors } from "../../../../gateway/http/origins.ts";
import { createDocumentGuard } from "../../../../gateway/limits/document-limits.ts";
import { createOperations } from "../../../../gateway/operations/create-operations.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { createServer, listen } from "../../../../platform/http/create-server.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { waitFor } from "../../../support/wait.ts";
import { ALLOWED_ORIGIN, type LiveStack, type StackOptions, startLiveStack } from "./live-stack.ts";

export interface StreamStack {
  /** Sockets are served at `live.url`, streams at `url`, both by one live room. */
  readonly live: LiveStack;
  readonly url: string;
  /** Subscriptions and the distinct streams they share. */
  counts(): { readonly subscriptions: number; readonly streams: number };
  /** Stops the live room, not the HTTP listener. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

export async function startStreamStack(options: StackOptions): Promise<StreamStack> {
  const logger = createLogger({ name: "stream-test", level: "silent" });
  const live = await startLiveStack(options);
  const apollo = new ApolloServer<GatewayContext>({ schema: live.ports.schema.current().apiSchema });
  await apollo.start();
  const server = createServer({ logger, maxBodyBytes: 262_144 });
  await registerCors(server, createOrigins([ALLOWED_ORIGIN]));
  registerGraphQLRoute(server, {
    server: apollo,
    authenticator: live.ports.authenticator,
    operations: options.operations ?? (await createOperations({ ...live.ports, manifests: [] })),
    guard: createDocumentGuard({ maxTokens: 1_000, maxDepth: 15, maxAliases: 30, maxRootFields: 20 }),
    scopes: createRequestScopes(),
    logger,
    forward: [],
    landingHeaders: {},
    live: live.live,
  });
  const port = await listen(server, "127.0.0.1", 0, "PORT");
  return {
    live,
    url: `http://127.0.0.1:${port}/graphql`,
    counts() {
      const { subscriptions, distinctOperations } = live.live.counters();
      return { subscriptions, streams: distinctOperations };
    },
    drain: () => live.live.stop(),
    async stop() {
      await live.live.stop();
      // Connections on which a client asked nothing yet are not idle to Node.
      server.server.closeAllConnections();
      await server.close();
      await apollo.stop();
      await live.stop();
    },
  };
}

export interface StreamMessage {
  /** SSE: event and id as they came. Multipart: `part`, id from the part's header. */
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: assertions read the payload freely
  readonly data: any;
}

export interface StreamReader {
  readonly response: Response;
  readonly messages: StreamMessage[];
  readonly text: string;
  /** What a browser would send as Last-Event-ID. */
  readonly lastId: string | undefined;
  readonly ended: boolean;
  nexts(): StreamMessage[];
  take(count: number): Promise<StreamMessage[]>;
  whenEnded(): Promise<StreamMessage[]>;
  abort(): void;
}

export interface ReadOptions {
  readonly query: string;
  readonly variables?: object;
  readonly extensions?: object;
  readonly token?: string;
  readonly format?: "sse" | "multipart";
  readonly headers?: Record<string, string>;
  readonly get?: boolean;
  readonly address?: Record<string, string>;
}

const ACCEPT = {
  sse: "text/event-stream",
  multipart: 'multipart/mixed;subscriptionSpec="1.0", application/json',
} as const;

export async function read(url: string, options: ReadOptions): Promise<StreamReader> {
  const { query, variables, extensions, token, format = "sse", get = false } = options;
  const aborting = new AbortController();
  const address = new URL(url);
  for (const [name, value] of Object.entries(options.address ?? {})) address.searchParams.set(name, value);
  if (get) {
    address.searchParams.set("query", query);
    if (variables !== undefined) address.searchParams.set("variables", JSON.stringify(variables));
    if (extensions !== undefined) address.searchParams.set("extensions", JSON.stringify(extensions));
  }
  const response = await fetch(address, {
    method: get ? "GET" : "POST",
    signal: aborting.signal,
    headers: {
      accept: ACCEPT[format],
      ...(get ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...options.headers,
    },
    ...(get ? {} : { body: JSON.stringify({ query, variables, extensions }) }),
  });
  const messages: StreamMessage[] = [];
  let text = "";
  let rest = "";
  let lastId: string | undefined;
  let ended = false;
  const parse = format === "sse" ? parseEvent : parsePart;
  const separator = format === "sse" ? "\n\n" : "\r\n--graphql";
  const decoder = new TextDecoder();
  void (async () => {
    for await (const chunk of response.body ?? []) {
      const piece = decoder.decode(chunk, { stream: true });
      text += piece;
      rest += piece;
      for (let end = rest.indexOf(separator); end !== -1; end = rest.indexOf(separator)) {
        const message = parse(rest.slice(0, end));
        rest = rest.slice(end + separator.length);
        if (message === undefined) continue;
        if (message.id !== undefined) lastId = message.id;
        messages.push(message);
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  const nexts = () => messages.filter(({ event, data }) => event === "next" || (event === "part" && "payload" in data));
  return {
    response,
    messages,
    get text() {
      return text;
    },
    get lastId() {
      return lastId;
    },
    get ended() {
      return ended;
    },
    nexts,
    take: (count) =>
      waitFor(() => nexts().length >= count && nexts().slice(0, count), { what: `${count} answers; have ${text}` }),
    async whenEnded() {
      await waitFor(() => ended, { what: "the stream to end" });
      return messages;
    },
    abort: () => aborting.abort(),
  };
}

function parseEvent(block: string): StreamMessage | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name !== "") fields.set(name, value);
  }
  const data = fields.get("data");
  const parsed = data === undefined || data === "" ? data : JSON.parse(data);
  return { event: fields.get("event") ?? "heartbeat", id: fields.get("id"), data: parsed };
}

function parsePart(block: string): StreamMessage | undefined {
  const split = block.indexOf("\r\n\r\n");
  if (split === -1) return undefined;
  const id = /^tributary-cursor: (.*)$/m.exec(block.slice(0, split))?.[1];
  return { event: "part", id: id?.trim(), data: JSON.parse(block.slice(split)) };
}
