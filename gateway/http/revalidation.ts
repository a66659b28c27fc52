/**
 * `ETag` and 304 for answers to GET that others may keep: whoever has the same bytes is told so instead of being sent
 * them again. Of an answer that is cached here the tag is made once.
 */
import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";

export function revalidate(scope: FastifyInstance): void {
  const tags = new WeakMap<Buffer, string>();

  function tagOf(body: Buffer): string {
    const cachedTag = tags.get(body);
    if (cachedTag !== undefined) return cachedTag;
    const tag = `"${createHash("sha256").update(body).digest("base64url")}"`;
    tags.set(body, tag);
    return tag;
  }

  scope.addHook("onSend", (request, reply, payload, done) => {
    if (request.method !== "GET" || reply.statusCode !== 200 || !Buffer.isBuffer(payload)) return done(null, payload);
    const control = reply.getHeader("cache-control");
    if (typeof control !== "string" || control.includes("no-store")) return done(null, payload);
    const tag = tagOf(payload);
    reply.header("etag", tag);
    if (!holds(request.headers["if-none-match"], tag)) return done(null, payload);
    reply.status(304).removeHeader("content-type").removeHeader("content-length");
    done(null, null);
  });
}

function holds(sent: string | undefined, tag: string): boolean {
  if (sent === undefined) return false;
  return sent.split(",").some((one) => {
    const candidate = one.trim().replace(/^W\//, "");
    return candidate === tag || candidate === "*";
  });
}
