/** Kept answers over HTTP: which requests they may answer, and what clients and proxies are told about their age. */

import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../platform/clock.ts";
import type { HttpOperation } from "../../operations/http-operation.ts";
import type { GatewayContext } from "../../ports.ts";
import type { CacheableOperation } from "./cacheable-operations.ts";
import type { ResponsePolicy } from "./policy.ts";
import type { Caller, ResponseCache } from "./response-cache.ts";

/** A request that asks for an answer that may be kept. */
export interface HttpQuestion {
  readonly operation: CacheableOperation;
  readonly variables: unknown;
  readonly get: boolean;
  /** What it accepts, as the key of what was once chosen for it. */
  readonly accepts: string;
  /** Absent when nobody knows yet what is sent to who accepts that: an answer has to be made. */
  readonly contentType: string | undefined;
  /** Does the client want to be told nothing that was kept anywhere? */
  readonly fresh: boolean;
}

export interface KeptAnswer {
  readonly kind: "kept";
  /** As the document names the operation. */
  readonly operationName: string | undefined;
  send(reply: FastifyReply): FastifyReply;
}

/** An answer that is to be made, and may then be kept. */
export interface AwaitedAnswer {
  readonly kind: "awaited";
  /** For the context of its execution. */
  readonly context: Pick<GatewayContext, "making" | "fresh">;
  /** @returns what is to be sent */
  keep(reply: FastifyReply, answer: MadeAnswer): Buffer | string;
  /** To be called in any case: others may be waiting. */
  end(): void;
}

export interface HttpAnswers {
  /** @returns `undefined` for requests whose answers are never kept, also for all that will be refused as malformed */
  question(method: string, headers: IncomingHttpHeaders, sent: HttpOperation): HttpQuestion | undefined;
  ask(question: HttpQuestion, caller: Caller): Promise<KeptAnswer | AwaitedAnswer>;
}

export interface MadeAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

const JSON_TYPE = "application/json; charset=utf-8";
const ACCEPTS_KEPT = 200;
const PAST = /\b(?:no-cache|no-store|max-age=0)\b/i;

export function createHttpAnswers(cache: ResponseCache, clock: Clock): HttpAnswers {
  // What answers came as is learned from those that were made: who chooses it needs not be asked again.
  const chosen = new LRUCache<string, string>({ max: ACCEPTS_KEPT });
  const ageSince = (bornAt: number) => String(Math.max(0, Math.floor((clock.now().getTime() - bornAt) / 1_000)));

  return {
    question(method, headers, sent) {
      const get = method === "GET";
      if (get && !mayBeRead(headers)) return undefined;
      if (sent.received === undefined || sent.parameters === undefined) return undefined;
      const { operationName, variables } = sent.parameters;
      const operation = cache.operation(sent.received.text, operationName);
      if (operation === undefined) return undefined;
      const { accept = "*/*" } = headers;
      const accepts = `${method} ${accept}`;
      const plain = accept === "*/*" || accept === "application/json";
      const contentType = plain ? JSON_TYPE : chosen.get(accepts);
      const control = headers["cache-control"];
      const fresh = control !== undefined && PAST.test(control);
      return { operation, variables, get, accepts, contentType, fresh };
    },
    async ask({ operation, variables, get, accepts, contentType, fresh }, caller) {
      const { policy, name } = operation;
      const lookup = await cache.look(operation, variables, caller, fresh || contentType === undefined);
      if (lookup.kind === "hit") {
        const { body, bornAt } = lookup.answer;
        return {
          kind: "kept",
          operationName: name,
          send(reply) {
            reply.header("content-type", contentType);
            reply.header("x-cache", "HIT");
            reply.header("age", ageSince(bornAt));
            tellProxies(reply, policy, get);
            return reply.send(body);
          },
        };
      }
      const { kind, filling } = lookup;
      return {
        kind: "awaited",
        context: {
          ...(filling === undefined ? {} : { making: filling.making }),
          ...(fresh ? { fresh } : {}),
        },
        keep(reply, answer) {
          reply.header("x-cache", kind === "miss" ? "MISS" : "BYPASS");
          if (filling === undefined || answer.status !== 200) return answer.text;
          if (answer.contentType?.startsWith("application/") !== true) return answer.text;
          chosen.set(accepts, answer.contentType);
          const body = Buffer.from(answer.text);
          const bornAt = filling.end(body);
          if (bornAt === undefined) return body;
          // It may be made of what was kept already.
          if (get) reply.header("age", ageSince(bornAt));
          tellProxies(reply, policy, get);
          return body;
        },
        end: () => void filling?.end(undefined),
      };
    },
  };
}

/** Nobody keeps an answer to POST. Proxies count from when the answer was made: they are told its age. */
function tellProxies(reply: FastifyReply, { maxAgeMs, scope }: ResponsePolicy, get: boolean): void {
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
function mayBeRead(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  if (type !== undefined) return type.split(";")[0]?.trim().toLowerCase() === "application/json";
  return Boolean(headers["x-apollo-operation-name"]) || Boolean(headers["apollo-require-preflight"]);
}
