/** One JSON POST over a pool of keep-alive connections: bounded in time and size, aborted when the caller is gone. */
import { type Dispatcher, Pool } from "undici";
import { FinalAnswerError, failureKind, NoAnswerError } from "./call-failure.ts";
import { createParseCache, type ParseCache, type ReceivedJson } from "./parse-cache.ts";

export interface HttpExchange {
  /**
   * Resolves to the parsed JSON body, whatever the status. Rejects when there is no answer within `timeoutMs`, when
   * `signal` aborts, or when the body is too large or no JSON; the connection is then closed at once.
   */
  post(request: PostRequest): Promise<ReceivedJson>;
  pool(url: URL): PoolUse;
  /** Closes the connections to an address; running exchanges end first. */
  leave(url: URL): void;
  /** The same for all addresses. */
  stop(): void;
}

/** Connections to an address. */
export interface PoolUse {
  readonly open: number;
  /** Most connections. */
  readonly size: number;
  /** Exchanges that wait for a connection. */
  readonly waiting: number;
}

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** May the request be sent again when a pooled connection turns out to be closed? */
  readonly repeatable: boolean;
  /** Is what was begun better waited for than begun again, as a command is? */
  readonly patient: boolean;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Connections per address. */
const CONNECTIONS = 256;
const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

export function createHttpExchange(): HttpExchange {
  const pools = new Map<string, Pool>();
  const parseCache = createParseCache();

  function poolOf({ origin }: URL): Pool {
    const existingPool = pools.get(origin);
    if (existingPool !== undefined) return existingPool;
    // Deadlines are ours: one timer per exchange, over all of it.
    const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    pools.set(origin, pool);
    return pool;
  }

  async function post(request: PostRequest): Promise<ReceivedJson> {
    const end = performance.now() + request.timeoutMs;
    try {
      return await exchange(poolOf(request.url), request, parseCache);
    } catch (error) {
      const timeoutMs = Math.ceil(end - performance.now());
      const pool = pools.get(request.url.origin);
      if (!request.repeatable || failureKind(error) !== "cut" || timeoutMs <= 0 || pool === undefined) throw error;
      // The server closed the pooled connection while we wrote to it: it has read nothing, another connection will do.
      return exchange(pool, { ...request, timeoutMs }, parseCache);
    }
  }

  return {
    post,
    pool({ origin }) {
      const stats = pools.get(origin)?.stats;
      return { open: stats?.connected ?? 0, size: CONNECTIONS, waiting: stats?.queued ?? 0 };
    },
    leave({ origin }) {
      void pools.get(origin)?.close();
      pools.delete(origin);
    },
    stop() {
      for (const pool of pools.values()) void pool.close();
      pools.clear();
    },
  };
}

function exchange(pool: Pool, request: PostRequest, parseCache: ParseCache): Promise<ReceivedJson> {
  const { promise, resolve, reject } = Promise.withResolvers<ReceivedJson>();
  const answer = new Answer(request, parseCache, resolve, reject);
  pool.dispatch(
    {
      path: `${request.url.pathname}${request.url.search}`,
      method: "POST",
      headers: { accept: ACCEPT, "content-type": "application/json", ...request.headers },
      body: request.body,
    },
    answer,
  );
  return promise;
}

/** Collects one answer, within its deadline. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #request: PostRequest;
  readonly #memory: ParseCache;
  readonly #resolve: (body: ReceivedJson) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  #size = 0;
  #status = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;

  constructor(
    request: PostRequest,
    parseCache: ParseCache,
    resolve: (body: ReceivedJson) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request;
    this.#memory = parseCache;
    this.#resolve = resolve;
    this.#reject = reject;
    const { timeoutMs, signal } = request;
    this.#timer = setTimeout(() => this.#fail(new NoAnswerError(timeoutMs)), timeoutMs);
    if (signal?.aborted === true) this.#gone();
    else signal?.addEventListener("abort", this.#gone, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error("nobody waits for the answer any more"));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > MAX_ANSWER_BYTES)
      this.#fail(new FinalAnswerError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    const [first, ...others] = this.#chunks;
    const body = others.length === 0 && first !== undefined ? first : Buffer.concat(this.#chunks);
    try {
      this.#resolve(this.#memory.read(this.#request.body, body));
    } catch (cause) {
      const ofRequest = this.#status >= 400 && this.#status < 500;
      const message = `answered HTTP ${this.#status} with a body that is no JSON`;
      this.#reject(ofRequest ? new FinalAnswerError(message, { cause }) : new Error(message, { cause }));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#end()) this.#reject(error);
  }

  readonly #gone = (): void => {
    const reason: unknown = this.#request.signal?.reason;
    this.#fail(reason instanceof Error ? reason : new Error("the caller is gone"));
  };

  #fail(error: Error): void {
    if (!this.#end()) return;
    this.#controller?.abort(error);
    this.#reject(error);
  }

  /** @returns whether it was still running */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener("abort", this.#gone);
    return true;
  }
}
