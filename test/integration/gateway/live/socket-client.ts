// A raw graphql-transport-ws client: shows every message and close code as they came.
import { WebSocket } from "ws";
import { waitFor } from "../../../support/wait.ts";

export interface Message {
  readonly id?: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: assertions read the payload freely
  readonly payload?: any;
}

export interface SocketClient {
  readonly socket: WebSocket;
  readonly messages: Message[];
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
  send(message: unknown): void;
  init(token?: string): Promise<void>;
  subscribe(id: string, query: string, options?: { variables?: object; resume?: string }): Promise<void>;
  /** The first `count` messages of a type and id. */
  take(type: string, id: string, count?: number): Promise<Message[]>;
  of(type: string, id: string): Message[];
  /** The newest cursor known for the subscription, from frames and pings. */
  cursor(id: string): string;
  close(): void;
}

export interface ConnectOptions {
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
  readonly pong?: boolean;
}

export async function connect(url: string, options: ConnectOptions = {}): Promise<SocketClient> {
  const { protocols = ["graphql-transport-ws"], headers = {}, pong = true } = options;
  const socket = new WebSocket(url, protocols, { headers });
  const messages: Message[] = [];
  const cursors = new Map<string, string>();
  let ended: { code: number; reason: string } | undefined;
  socket.once("close", (code, reason) => {
    ended = { code, reason: String(reason) };
  });
  socket.on("error", () => undefined);
  socket.on("message", (data) => {
    const message: Message = JSON.parse(String(data));
    messages.push(message);
    if (message.type === "ping") {
      for (const [id, cursor] of Object.entries(message.payload?.tributary?.cursors ?? {}))
        cursors.set(id, String(cursor));
      if (pong) socket.send(JSON.stringify({ type: "pong" }));
    }
    const cursor = message.payload?.extensions?.tributary?.cursor;
    if (message.type === "next" && message.id !== undefined && cursor !== undefined) cursors.set(message.id, cursor);
  });
  await waitFor(() => socket.readyState !== WebSocket.CONNECTING, { what: "the socket to open" });
  const client: SocketClient = {
    socket,
    messages,
    closed: () => waitFor(() => ended, { what: "the socket to close" }),
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    async init(token) {
      client.send({
        type: "connection_init",
        payload: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
      await waitFor(() => messages.some(({ type }) => type === "connection_ack"), { what: "connection_ack" });
    },
    async subscribe(id, query, { variables, resume } = {}) {
      const extensions = resume === undefined ? {} : { extensions: { tributary: { resume } } };
      client.send({ id, type: "subscribe", payload: { query, variables, ...extensions } });
      await waitFor(() => cursors.has(id) || client.of("error", id).length > 0, { what: `an answer to ${id}` });
    },
    of: (type, id) => messages.filter((message) => message.type === type && message.id === id),
    take: (type, id, count = 1) =>
      waitFor(() => client.of(type, id).length >= count && client.of(type, id).slice(0, count), {
        what: `${count} ${type} of ${id}; have ${client.of(type, id).length}`,
      }),
    cursor(id) {
      const cursor = cursors.get(id);
      if (cursor === undefined) throw new Error(`no cursor for ${id}`);
      return cursor;
    },
    close: () => socket.close(),
  };
  return client;
}
