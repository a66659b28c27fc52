/** `POST /webhooks/<subgraph>/<name>` and `POST /webhooks/<name>`: hands the bytes of a call on, whatever they are. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { searchOf } from "../http/search-of.ts";
import { singleHeaders } from "../http/single-headers.ts";
import type { WebhookReceiver } from "./webhook.ts";

/** What is reported may be long. */
const MAX_BYTES = 256 * 1024;
const place = z.object({ subgraph: z.string().optional(), name: z.string() });

/** @param before adds what happens to a call before its body is read */
export function registerWebhooks(
  server: FastifyInstance,
  receive: WebhookReceiver,
  before?: (scope: FastifyInstance) => void,
): void {
  server.register(async (scope) => {
    before?.(scope);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    const take = async (request: FastifyRequest, reply: FastifyReply) => {
      const { subgraph, name } = place.parse(request.params);
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const query = new URLSearchParams(searchOf(request));
      const answer = await receive(subgraph, name, { headers: singleHeaders(request.headers), query, body });
      if (answer === undefined) throw new AppError("NOT_FOUND", "There is no such webhook.");
      if (answer.body !== undefined) reply.type("application/json; charset=utf-8");
      return reply.status(answer.status).send(answer.body);
    };
    scope.post("/webhooks/:subgraph/:name", { bodyLimit: MAX_BYTES }, take);
    scope.post("/webhooks/:name", { bodyLimit: MAX_BYTES }, take);
  });
}
