/** `POST /ingest/<name>` of a subgraph's process: the gateway hands deliveries on. */
import type { FastifyInstance } from "fastify";
import { singleHeaders } from "../http/single-headers.ts";
import { INGEST_HEADER, type IngestPoint, ingestPath, MAX_INGEST_BYTES } from "./ingest.ts";

export function registerIngestPoints(server: FastifyInstance, points: readonly IngestPoint[]): void {
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    for (const { name, receive } of points) {
      scope.post(ingestPath(name), { bodyLimit: MAX_INGEST_BYTES }, async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const answer = await receive({ headers: singleHeaders(request.headers), body });
        reply.header(INGEST_HEADER, name).type("application/json; charset=utf-8");
        return reply.status(answer.status).send(answer.body);
      });
    }
  });
}
