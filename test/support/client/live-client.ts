// Live subscriptions over graphql-ws for tests and the demo: everything that arrives is kept and can be waited for.
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { waitFor } from "../wait.ts";

export interface LiveMessage<Data = Record<string, unknown>> {
  readonly data: Data | null | undefined;
  readonly errors: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[] | undefined;
  readonly cursor: string | undefined;
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
}

export interface LiveStream<Data = Record<string, unknown>> {
  readonly messages: readonly LiveMessage<Data>[];
  /** Set when the server ended the subscription or the socket broke. */
  readonly ended: { readonly error?: unknown } | undefined;
  /** Resolves when `ended` is set. */
  readonly whenEnded: Promise<void>;
  /** Waits for a message that satisfies the condition, among those that came already and those to come. */
  waitFor(what: string, condition: (data: Data) => boolean, deadlineMs?: number): Promise<LiveMessage<Data>>;
  waitForCount(count: number, deadlineMs?: number): Promise<readonly LiveMessage<Data>[]>;
  /** The cursor to resume with: of the last message, or of the last ping before it. */
  cursor(): string | undefined;
  stop(): void;
}

export interface LiveClient {
  subscribe<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<LiveStream<Data>>;
  /** Cuts the connection as a network failure would. */
  drop(): void;
  close(): Promise<void>;
}

interface TributaryPing {
  readonly tributary?: { readonly cursors?: Readonly<Record<string, string>> };
}

export interface LiveClientOptions {
  /** e.g. ws://127.0.0.1:4000/graphql */
  readonly url: string;
  readonly token?: string;
}

/** A platform that has just been started on a busy machine takes its time. */
const BEGIN_MS = 60_000;

export function createLiveClient({ url, token }: LiveClientOptions): LiveClient {
  let socket: WebSocket | undefined;
  const pinged = new Set<(cursors: Readonly<Record<string, string>>) => void>();
  const client: Client = createClient({
    url,
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocols: string | string[]) {
        super(address, protocols);
        socket = this;
      }
    },
    lazy: true,
    retryAttempts: 0,
    connectionParams: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    on: {
      ping: (received, payload) => {
        const cursors = received ? (payload as TributaryPing | undefined)?.tributary?.cursors : undefined;
        if (cursors !== undefined) for (const listener of pinged) listener(cursors);
      },
    },
  });

  return {
    async subscribe<Data>(query: string, variables: Record<string, unknown> = {}) {
      const messages: LiveMessage<Data>[] = [];
      let ended: { error?: unknown } | undefined;
      const end = Promise.withResolvers<void>();
      let latestCursor: string | undefined;
      let ready = false;
      let id: string | undefined;
      // The server pings once right after it took a subscription, naming where the stream begins.
      const onPing = (cursors: Readonly<Record<string, string>>) => {
        id ??= Object.keys(cursors).at(-1);
        if (id !== undefined && cursors[id] !== undefined) {
          latestCursor = cursors[id];
          ready = true;
        }
      };
      pinged.add(onPing);
      const unsubscribe = client.subscribe<Data>(
        { query, variables },
        {
          next(result) {
            const extensions = result.extensions as { tributary?: { cursor?: string } } | undefined;
            const cursor = extensions?.tributary?.cursor;
            if (cursor !== undefined) latestCursor = cursor;
            ready = true;
            messages.push({
              data: result.data,
              errors: result.errors as LiveMessage["errors"],
              cursor,
              at: Date.now(),
            });
          },
          error: (error) => {
            ended = { error };
            end.resolve();
          },
          complete: () => {
            ended ??= {};
            end.resolve();
          },
        },
      );
      const stream: LiveStream<Data> = {
        messages,
        get ended() {
          return ended;
        },
        whenEnded: end.promise,
        waitFor: (what, condition, deadlineMs = 20_000) =>
          waitFor(
            () => {
              const found = messages.find(({ data }) => data != null && condition(data));
              if (found === undefined && ended !== undefined)
                throw new Error(`the stream ended: ${describe(ended.error)}`);
              return found;
            },
            { what: `${what} (${messages.length} messages so far)`, deadlineMs },
          ),
        waitForCount: (count, deadlineMs = 20_000) =>
          waitFor(() => messages.length >= count && messages, { what: `${count} live messages`, deadlineMs }),
        cursor: () => latestCursor,
        stop() {
          pinged.delete(onPing);
          unsubscribe();
        },
      };
      await waitFor(() => ready || ended !== undefined, { what: "the subscription to begin", deadlineMs: BEGIN_MS });
      return stream;
    },
    drop: () => socket?.terminate(),
    close: async () => client.dispose(),
  };
}

/** Errors of graphql-ws are a list of GraphQL errors, a close event, or an Error. */
export function describe(error: unknown): string {
  if (Array.isArray(error)) return JSON.stringify(error);
  if (isClose(error)) return `socket closed ${error.code} ${error.reason}`;
  return String(error);
}

function isClose(error: unknown): error is { readonly code: number; readonly reason: string } {
  return typeof error === "object" && error !== null && "code" in error && "reason" in error;
}
