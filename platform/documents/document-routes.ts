/**
 * `GET /documents/<subgraph>/<kind>/<id>`: sends a page that says nothing of where it was opened, and is kept by
 * nobody on the way.
 */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { searchOf } from "../http/search-of.ts";
import type { DocumentSource } from "./document.ts";

const place = z.object({ subgraph: z.string(), kind: z.string(), id: z.string() });

const HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-robots-tag": "noindex",
  "referrer-policy": "no-referrer",
  "cache-control": "private, no-store",
} as const;

/** @param before adds what happens to a call before it is looked at */
export function registerDocuments(
  server: FastifyInstance,
  open: DocumentSource,
  before?: (scope: FastifyInstance) => void,
): void {
  server.register(async (scope) => {
    before?.(scope);
    scope.get("/documents/:subgraph/:kind/:id", async (request, reply) => {
      const { subgraph, kind, id } = place.parse(request.params);
      const page = await open(subgraph, kind, { id, query: new URLSearchParams(searchOf(request)) });
      if (page === undefined) throw new AppError("NOT_FOUND", "There are no such documents.");
      return reply
        .status(page.status)
        .headers({ ...HEADERS, "content-security-policy": page.policy })
        .type("text/html; charset=utf-8")
        .send(page.html);
    });
  });
}
