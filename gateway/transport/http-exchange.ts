/** One JSON POST over a pool of kept connections: bounded in time and size, aborted when the caller is gone. */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface HttpExchange {
  /**
   * Resolves to the parsed JSON body, whatever the status. Rejects when there is no answer within `timeoutMs`, when `signal`
   * aborts, or when the body is too large or no JSON; the connection is then closed at once.
   */
  post(request: PostRequest): Promise<unknown>;
  /** Closes idle connections; running exchanges go on. */
  stop(): void;
}

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** May the request be sent again when a kept connection turns out to be closed? */
  readonly repeatable: boolean;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export function createHttpExchange(): HttpExchange {
  const options = { keepAlive: true, maxSockets: 256, maxFreeSockets: 64, scheduling: "lifo" as const };
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);

  async function post(request: PostRequest, attempt = 1): Promise<unknown> {
    const deadline = AbortSignal.timeout(request.timeoutMs);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
    const secure = request.url.protocol === "https:";
    const outgoing = (secure ? httpsRequest : httpRequest)(request.url, {
      method: "POST",
      agent: secure ? https : http,
      signal,
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        ...request.headers,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(request.body),
      },
    });
    try {
      return parse(await exchange(outgoing, request.body));
    } catch (error) {
      if (deadline.aborted) throw new Error(`no answer within ${request.timeoutMs} ms`, { cause: error });
      // The server closed the kept connection while we wrote to it: it has read nothing, another connection will do.
      if (attempt === 1 && request.repeatable && outgoing.reusedSocket && isReset(error)) return post(request, 2);
      throw error;
    }
  }

  return {
    post: (request) => post(request),
    stop() {
      http.destroy();
      https.destroy();
    },
  };
}

function exchange(outgoing: ClientRequest, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => readBody(incoming).then((text) => resolve({ incoming, text }), reject));
    outgoing.end(body);
  });
}

interface Answer {
  readonly incoming: IncomingMessage;
  readonly text: string;
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse({ incoming, text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`answered HTTP ${incoming.statusCode} with a body that is no JSON`, { cause });
  }
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
