/**
 * `/graphiql`: the explorer that needs no network but this gateway. Its code comes from the installed package and is
 * loaded when the page is opened for the first time, since it weighs some megabytes.
 */
import { readFile } from "node:fs/promises";
import type { FastifyInstance, FastifyReply } from "fastify";
import { pageHeaders, scriptHash, scriptJson } from "./html.ts";

const START_SCRIPT = new URL("./browser/graphiql-start.js", import.meta.url);
const JAVASCRIPT = "text/javascript; charset=utf-8";

/** @param query the operations to start with */
export function registerGraphiQL(server: FastifyInstance, query: string): void {
  const settings = `window.tributaryExplorer = ${scriptJson({ query })};`;
  const headers = pageHeaders({
    "default-src": "'none'",
    "script-src": `'self' ${scriptHash(settings)}`,
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self' ws: wss:",
    "worker-src": "'self' blob:",
  });
  const html = page(settings);
  const bundle = () => import("@graphql-yoga/render-graphiql/graphiql");
  const send = (reply: FastifyReply, type: string, text: string) =>
    reply
      .headers({ "cache-control": "public, max-age=3600", "x-content-type-options": "nosniff" })
      .type(type)
      .send(text);

  server.get("/graphiql", (_request, reply) => reply.headers(headers).type("text/html; charset=utf-8").send(html));
  server.get("/graphiql/start.js", async (_request, reply) =>
    send(reply, JAVASCRIPT, await readFile(START_SCRIPT, "utf8")),
  );
  server.get("/graphiql/graphiql.js", async (_request, reply) => send(reply, JAVASCRIPT, (await bundle()).js));
  server.get("/graphiql/graphiql.css", async (_request, reply) =>
    send(reply, "text/css; charset=utf-8", (await bundle()).css),
  );
  server.get("/graphiql/editor-worker.js", async (_request, reply) =>
    send(reply, JAVASCRIPT, (await bundle()).editorWorkerService),
  );
  server.get("/graphiql/json-worker.js", async (_request, reply) =>
    send(reply, JAVASCRIPT, (await bundle()).jsonWorker),
  );
  server.get("/graphiql/graphql-worker.js", async (_request, reply) =>
    send(reply, JAVASCRIPT, (await bundle()).graphqlWorker),
  );
}

function page(settings: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tributary API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/graphiql/graphiql.css">
  </head>
  <body class="no-focus-outline">
    <noscript>This page needs JavaScript.</noscript>
    <div id="root"></div>
    <script>${settings}</script>
    <script src="/graphiql/graphiql.js"></script>
    <script src="/graphiql/start.js"></script>
  </body>
</html>
`;
}
