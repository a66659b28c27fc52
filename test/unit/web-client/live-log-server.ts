// A log of events behind a real graphql-ws server on a free port, with the faults that a live client must survive.
import type { AddressInfo } from "node:net";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { buildSchema, GraphQLError, parse } from "graphql";
import { useServer as serve } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

export interface Tick {
  readonly ticks: { readonly eventId: string };
}

export const TICKS = parse(
  "subscription Ticks($organizationId: ID) { ticks(organizationId: $organizationId) { eventId } }",
) as TypedDocumentNode<Tick, { organizationId: string }>;

export interface LiveLogServer {
  readonly url: string;
  /** `resume` of every subscribe message, in order. */
  readonly resumes: readonly (string | undefined)[];
  /** Of every subscribe message. */
  readonly payloads: readonly { readonly query: string; readonly extensions?: unknown }[];
  /** Authorization of every connection, in order. */
  readonly tokens: readonly unknown[];
  /** Subscriptions that are being served. */
  streams(): number;
  append(...eventIds: string[]): void;
  /** Cuts every connection without a close frame. */
  cut(): void;
  close(code: number, reason: string): void;
  /** Nothing of what comes in is read any more: the connections look alive and are not. */
  freeze(): void;
  /** Tells all subscriptions of all connections a cursor by ping. */
  ping(cursor: string): void;
  /** Refuses the next subscribe message with these errors. */
  refuseNext(code: string, extensions?: Record<string, unknown>): void;
  /** Says of the next event that this many were left out before it. */
  skipBeforeNext(events: number): void;
  /** Resumes begin this many events too early. */
  repeatOnResume(events: number): void;
  stop(): Promise<void>;
}

const schema = buildSchema(`
  type Query { none: ID }
  type Subscription { ticks(organizationId: ID, snapshot: Boolean): Tick! }
  type Tick { eventId: ID! }
`);

export async function startLiveLogServer(): Promise<LiveLogServer> {
  const log: string[] = [];
  const resumes: (string | undefined)[] = [];
  const payloads: { query: string; extensions?: unknown }[] = [];
  const tokens: unknown[] = [];
  const waiting = new Set<() => void>();
  const active = new Map<object, Set<string>>();
  let refusal: GraphQLError | undefined;
  let repeat = 0;
  let skipped = 0;
  let open = 0;

  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));

  const wakeAll = (): void => {
    for (const wake of waiting) wake();
    waiting.clear();
  };

  /** A generator could not be ended while it waits. */
  function follow(start: number): AsyncIterableIterator<{ ticks: { eventId: string }; cursor: string }> {
    let position = start;
    let over = false;
    open += 1;
    return {
      async next() {
        for (;;) {
          if (over) return { done: true, value: undefined };
          const eventId = log[position];
          if (eventId !== undefined) {
            position += 1;
            return { done: false, value: { ticks: { eventId }, cursor: String(position) } };
          }
          await new Promise<void>((resolve) => waiting.add(resolve));
        }
      },
      async return() {
        if (!over) open -= 1;
        over = true;
        wakeAll();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  serve(
    {
      schema,
      onConnect({ connectionParams }) {
        tokens.push(connectionParams?.["Authorization"]);
        return true;
      },
      onSubscribe({ extra }, id, payload) {
        const resume = resumeOf(payload.extensions);
        resumes.push(resume);
        payloads.push(payload);
        const refused = refusal;
        refusal = undefined;
        if (refused !== undefined) return [refused];
        const ids = active.get(extra.socket) ?? new Set();
        active.set(extra.socket, ids.add(id));
        const start = resume === undefined ? log.length : Math.max(0, Number(resume) - repeat);
        return {
          schema,
          document: parse(payload.query),
          variableValues: payload.variables,
          contextValue: { start },
        };
      },
      subscribe: (args: { readonly contextValue?: unknown }) => {
        const start: unknown = Reflect.get(Object(args.contextValue), "start");
        return follow(Number(start)) as never;
      },
      onNext: (_context, _id, _payload, _args, result) => {
        const { ticks, cursor } = result as unknown as { ticks: unknown; cursor: string };
        const left = skipped === 0 ? {} : { skipped };
        skipped = 0;
        return { data: { ticks }, extensions: { tributary: { cursor, ...left } } };
      },
    },
    server,
  );

  const address = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${address.port}/graphql`,
    resumes,
    payloads,
    tokens,
    streams: () => open,
    append(...eventIds) {
      log.push(...eventIds);
      wakeAll();
    },
    cut() {
      for (const socket of server.clients) socket.terminate();
    },
    close(code, reason) {
      for (const socket of server.clients) socket.close(code, reason);
    },
    freeze() {
      for (const socket of server.clients) socket.pause();
    },
    ping(cursor) {
      for (const [socket, ids] of active) {
        const cursors = Object.fromEntries([...ids].map((id) => [id, cursor]));
        const text = JSON.stringify({ type: "ping", payload: { tributary: { cursors } } });
        for (const client of server.clients) if (client === socket) client.send(text);
      }
    },
    refuseNext(code, extensions = {}) {
      refusal = new GraphQLError("refused", { extensions: { code, ...extensions } });
    },
    skipBeforeNext(events) {
      skipped = events;
    },
    repeatOnResume(events) {
      repeat = events;
    },
    async stop() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function resumeOf(extensions: unknown): string | undefined {
  const resume: unknown = Reflect.get(Object(Reflect.get(Object(extensions), "tributary")), "resume");
  return typeof resume === "string" ? resume : undefined;
}
