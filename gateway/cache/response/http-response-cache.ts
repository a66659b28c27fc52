/**
 * Serves cached answers over HTTP. It decides which requests they may answer, and tells clients and proxies their age.
 */

import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../platform/clock.ts";
import type { HttpOperation } from "../../operations/http-operation.ts";
import type { GatewayContext } from "../../ports.ts";
import type { CacheableOperation } from "./cacheable-operations.ts";
import type { ResponsePolicy } from "./policy.ts";
import type { Caller, ResponseCache } from "./response-cache.ts";

/** A request that asks for an answer that may be cached. */
export interface CacheableRequest {
  readonly operation: CacheableOperation;
  readonly variables: unknown;
  readonly get: boolean;
  /** What it accepts, as the key of what was once chosen for it. */
  readonly accepts: string;
  /** Absent when nobody knows yet what is sent to who accepts that: an answer has to be made. */
  readonly contentType: string | undefined;
  /** Does the client want to be told nothing that was cached anywhere? */
  readonly fresh: boolean;
}

export interface CachedHttpAnswer {
  readonly kind: "cached";
  /** As the document names the operation. */
  readonly operationName: string | undefined;
  send(reply: FastifyReply): FastifyReply;
}

/** An answer that is to be made, and may then be cached. */
export interface PendingHttpAnswer {
  readonly kind: "pending";
  /** For the context of its execution. */
  readonly context: Pick<GatewayContext, "composition" | "fresh">;
  /** @returns what is to be sent */
  store(reply: FastifyReply, answer: ExecutedAnswer): Buffer | string;
  /** To be called in any case: others may be waiting. */
  end(): void;
}

export interface HttpResponseCache {
  /**
   * @returns `undefined` for requests whose answers are never cached, also for all that will be refused as malformed
   */
  cacheableRequest(method: string, headers: IncomingHttpHeaders, sent: HttpOperation): CacheableRequest | undefined;
  lookUp(question: CacheableRequest, caller: Caller): Promise<CachedHttpAnswer | PendingHttpAnswer>;
}

export interface ExecutedAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

const JSON_TYPE = "application/json; charset=utf-8";
const MAX_ACCEPTS = 200;
const NO_CACHE = /\b(?:no-cache|no-store|max-age=0)\b/i;

export function createHttpResponseCache(cache: ResponseCache, clock: Clock): HttpResponseCache {
  // What answers came as is learned from those that were made: who chooses it needs not be asked again.
  const chosen = new LRUCache<string, string>({ max: MAX_ACCEPTS });
  const ageSince = (bornAt: number) => String(Math.max(0, Math.floor((clock.now().getTime() - bornAt) / 1_000)));

  return {
    cacheableRequest(method, headers, sent) {
      const get = method === "GET";
      if (get && !passesCsrfRule(headers)) return undefined;
      if (sent.received === undefined || sent.parameters === undefined) return undefined;
      const { operationName, variables } = sent.parameters;
      const operation = cache.operation(sent.received.text, operationName);
      if (operation === undefined) return undefined;
      const { accept = "*/*" } = headers;
      const accepts = `${method} ${accept}`;
      const plain = accept === "*/*" || accept === "application/json";
      const contentType = plain ? JSON_TYPE : chosen.get(accepts);
      const control = headers["cache-control"];
      const fresh = control !== undefined && NO_CACHE.test(control);
      return { operation, variables, get, accepts, contentType, fresh };
    },
    async lookUp({ operation, variables, get, accepts, contentType, fresh }, caller) {
      const { policy, name } = operation;
      const lookup = await cache.find(operation, variables, caller, fresh || contentType === undefined);
      if (lookup.kind === "hit") {
        const { body, bornAt } = lookup.answer;
        return {
          kind: "cached",
          operationName: name,
          send(reply) {
            reply.header("content-type", contentType);
            reply.header("x-cache", "HIT");
            reply.header("age", ageSince(bornAt));
            setCacheHeaders(reply, policy, get);
            return reply.send(body);
          },
        };
      }
      const { kind, filling } = lookup;
      return {
        kind: "pending",
        context: {
          ...(filling === undefined ? {} : { composition: filling.composition }),
          ...(fresh ? { fresh } : {}),
        },
        store(reply, answer) {
          reply.header("x-cache", kind === "miss" ? "MISS" : "BYPASS");
          if (filling === undefined || answer.status !== 200) return answer.text;
          if (answer.contentType?.startsWith("application/") !== true) return answer.text;
          chosen.set(accepts, answer.contentType);
          const body = Buffer.from(answer.text);
          const bornAt = filling.end(body);
          if (bornAt === undefined) return body;
          // It may be made of what was cached already.
          if (get) reply.header("age", ageSince(bornAt));
          setCacheHeaders(reply, policy, get);
          return body;
        },
        end: () => void filling?.end(undefined),
      };
    },
  };
}

/** Nobody keeps an answer to POST. Proxies count from when the answer was made: they are told its age. */
function setCacheHeaders(reply: FastifyReply, { maxAgeMs, scope }: ResponsePolicy, get: boolean): void {
  if (!get) {
    reply.header("cache-control", "no-store");
    return;
  }
  // A browser hears of no event: what is somebody's own it may keep, and asks before it shows that again.
  const control = scope === "PUBLIC" ? `public, max-age=${Math.floor(maxAgeMs / 1_000)}` : "private, no-cache";
  reply.header("cache-control", control);
  const vary = reply.getHeader("vary");
  const own = scope === "PUBLIC" ? "Accept" : "Accept, Authorization";
  reply.header("vary", typeof vary === "string" ? `${vary}, ${own}` : own);
}

/** Apollo Server's rule against requests that a page of another site can make a browser send. */
function passesCsrfRule(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  if (type !== undefined) return type.split(";")[0]?.trim().toLowerCase() === "application/json";
  return Boolean(headers["x-apollo-operation-name"]) || Boolean(headers["apollo-require-preflight"]);
}
