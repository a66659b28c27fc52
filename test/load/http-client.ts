// GraphQL over kept-alive connections with as little work as possible: generator and server share the machine.
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface LoadAnswer {
  readonly status: number;
  readonly text: string;
  /** The header `Retry-After` in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

export interface LoadClient {
  /**
   * Rejects when the connection breaks or nothing comes within 20 s.
   * @param token undefined: nobody's request
   */
  post(token: string | undefined, body: string): Promise<LoadAnswer>;
  /**
   * Opens so many connections, which calls then find open. Node accepts one connection per turn of its event loop:
   * those that a crowd opens at once wait for seconds, before anything can refuse them.
   */
  open(connections: number): Promise<void>;
  close(): void;
}

const DEADLINE_MS = 60_000;

export function createLoadClient(url: string): LoadClient {
  const { hostname, port } = new URL(url);
  // No limit: a request that waits for a connection would hide how many are under way.
  // With a time of its own it also does as servers say of idle connections (`Keep-Alive: timeout`).
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1_024, timeout: 60_000 });
  const openOne = () =>
    new Promise<void>((resolve, reject) => {
      const sent = request({ agent, hostname, port, path: "/live", timeout: DEADLINE_MS }, (response) => {
        response.resume();
        response.on("end", resolve);
        response.on("error", reject);
      });
      sent.on("timeout", () => sent.destroy(new Error(`no connection within ${DEADLINE_MS} ms`)));
      sent.on("error", reject);
      sent.end();
    });
  return {
    open: async (connections) => void (await Promise.all(Array.from({ length: connections }, openOne))),
    post: (token, body) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            agent,
            hostname,
            port,
            method: "POST",
            path: "/graphql",
            timeout: DEADLINE_MS,
            headers: {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
              accept: "application/graphql-response+json",
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () =>
              resolve({
                status: response.statusCode ?? 0,
                text: Buffer.concat(chunks).toString(),
                retryAfterSeconds: secondsOf(response.headers["retry-after"]),
              }),
            );
            response.on("error", reject);
          },
        );
        sent.on("timeout", () => sent.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)));
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function secondsOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

const SHED = 503;

/** Does as servers ask: what there was no room for is sent again after `Retry-After`. */
export function patient(client: LoadClient): LoadClient {
  return {
    ...client,
    async post(token, body) {
      for (;;) {
        const answer = await client.post(token, body);
        if (answer.status !== SHED || answer.retryAfterSeconds === undefined) return answer;
        await delay(answer.retryAfterSeconds * 1_000);
      }
    },
  };
}
