/** Which request bodies `/graphql` reads. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../platform/errors/app-error.ts";

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

/**
 * Within the given scope: JSON in UTF-8 is parsed; any other type reaches the handler unread, where it is refused as a possible
 * cross-site request; JSON in another encoding is refused with 415.
 */
export function readOnlyJson(scope: FastifyInstance): void {
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, undefined));
  scope.addHook("onRequest", async (request: FastifyRequest) => {
    const charset = CHARSET.exec(request.headers["content-type"] ?? "")?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      throw new AppError("BAD_REQUEST", "Send application/json in UTF-8.", { status: 415 });
    }
  });
}
