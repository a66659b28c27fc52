/**
 * Serves the built web client: hashed files for ever, pages always fresh, and its own page for every address it may
 * know.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { pageHeaders } from "./html.ts";

const HEADERS = pageHeaders({
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data:",
  "font-src": "'self'",
  "connect-src": "'self' ws: wss:",
  "manifest-src": "'self'",
  "form-action": "'self'",
});

/** @param folder the build; its `assets/` holds files whose names change with their content */
export async function registerWebClient(server: FastifyInstance, folder: string): Promise<void> {
  await server.register(fastifyStatic, {
    root: join(folder),
    index: false,
    dotfiles: "ignore",
    // One route per existing file, so that everything else stays with the handler below.
    wildcard: false,
    cacheControl: false,
    setHeaders(reply, path) {
      reply.header("x-content-type-options", "nosniff");
      reply.header("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  server.get("/", (_request, reply) => sendPage(reply));
  server.get("/*", (request, reply) => {
    // Scripts and programs get a plain 404, so that a missing file never looks like a page.
    if (request.headers.accept?.includes("text/html") === true) return sendPage(reply);
    return reply.callNotFound();
  });

  async function sendPage(reply: FastifyReply) {
    return reply
      .headers(HEADERS)
      .type("text/html; charset=utf-8")
      .send(await readFile(join(folder, "index.html"), "utf8"));
  }
}
