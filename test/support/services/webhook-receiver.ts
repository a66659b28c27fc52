// An endpoint of a customer: it keeps what it was sent, and answers as a test says.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";

export interface ReceivedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** By `performance.now()`. */
  readonly at: number;
}

export type Answering = (call: ReceivedCall, response: ServerResponse, request: IncomingMessage) => void;

export interface WebhookReceiver {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Complete ones, oldest first. */
  readonly calls: readonly ReceivedCall[];
  /** How many connections were made, whatever became of them. */
  readonly connections: number;
  /** Those of a path, oldest first. */
  at(path: string): readonly ReceivedCall[];
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  readonly host?: string;
  readonly port?: number;
  /** Absent: plain HTTP. */
  readonly tls?: ServerOptions;
}

/** @param answering default: 204 */
export async function startWebhookReceiver(
  answering: Answering = (_call, response) => void response.writeHead(204).end(),
  { host = "127.0.0.1", port = 0, tls }: ReceiverOptions = {},
): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url: path = "", headers } = request;
    const call = { path, headers, body: Buffer.concat(chunks).toString("utf8"), at: performance.now() };
    calls.push(call);
    answering(call, response, request);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    port: listening,
    url: `http://${host}:${listening}`,
    calls,
    get connections() {
      return connections;
    },
    at: (path) => calls.filter((call) => call.path === path),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The same for one test: it ends behind what the test itself ends. */
export async function receiving(...given: Parameters<typeof startWebhookReceiver>): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver(...given);
  onTestFinished(() => receiver.stop());
  return receiver;
}

/** The id of a call, by the library that receivers use. @throws Error when it is not signed with the secret */
export function verifiedId(secret: string, { headers, body }: ReceivedCall): string {
  const signed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  new Webhook(secret).verify(body, signed);
  return String(headers["webhook-id"]);
}
