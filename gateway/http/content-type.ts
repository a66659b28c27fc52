/** Which request bodies `/graphql` reads. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../platform/errors/app-error.ts";
import { refuseLargeJson } from "../limits/nesting.ts";

/** Fastify's own. */
const DEFAULT_BODY_BYTES = 1_048_576;
const JSON_PARTS: readonly string[] = ["variables", "extensions"];
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

/**
 * Within the given scope: JSON in UTF-8 is parsed; any other type reaches the handler unread, where it is refused as a possible
 * cross-site request; JSON in another encoding is refused with 415. JSON that would take long to read, in a body or in an address, is refused
 * before it is.
 */
export function readOnlyJson(scope: FastifyInstance): void {
  const maxBytes = scope.initialConfig.bodyLimit ?? DEFAULT_BODY_BYTES;
  const parseJson = scope.getDefaultJsonParser("error", "error");
  scope.removeContentTypeParser("application/json");
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (request, body: string, done) => {
    try {
      refuseLargeJson(body, maxBytes);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    parseJson(request, body, done);
  });
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, undefined));
  scope.addHook("onRequest", async (request: FastifyRequest) => {
    const charset = CHARSET.exec(request.headers["content-type"] ?? "")?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      throw new AppError("BAD_REQUEST", "Send application/json in UTF-8.", { status: 415 });
    }
  });
  scope.addHook("preHandler", async ({ query }) => {
    for (const text of jsonTexts(query)) refuseLargeJson(text, maxBytes);
  });
}

/** The parts of an address that are read as JSON. */
function jsonTexts(query: unknown): string[] {
  if (typeof query !== "object" || query === null) return [];
  return Object.entries(query).flatMap(([name, text]) =>
    JSON_PARTS.includes(name) && typeof text === "string" ? [text] : [],
  );
}
