/** Which request bodies `/graphql` reads: JSON in UTF-8, plain or compressed. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError, findAppError } from "../../platform/errors/app-error.ts";
import { refuseLargeJson } from "../limits/nesting.ts";
import { withLosslessNumbers } from "../transport/lossless-json.ts";
import { ACCEPTED_CODINGS, codingsIn, decode } from "./content-coding.ts";

type Done = (error: Error | null, body?: unknown) => void;

/** Fastify's own. */
const DEFAULT_BODY_BYTES = 1_048_576;
const JSON_PARTS: readonly string[] = ["variables", "extensions"];
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;
/** Of a name that is told back. */
const MAX_NAME_LENGTH = 40;

/**
 * Within the given scope: JSON in UTF-8 is parsed, with or without a byte-order mark (RFC 8259, section 8.1); any other
 * type reaches the handler unread, where it is refused as a possible cross-site request; another charset or coding is
 * refused with 415, before the body is read. JSON that would take long to read, in a body or in an address, is refused
 * before it is.
 */
export function readOnlyJson(scope: FastifyInstance): void {
  const maxBytes = scope.initialConfig.bodyLimit ?? DEFAULT_BODY_BYTES;
  const parseJson = scope.getDefaultJsonParser("error", "error");

  function parse(request: FastifyRequest, bytes: Buffer, done: Done): void {
    try {
      const text = textOf(bytes);
      refuseLargeJson(text, maxBytes);
      parseJson(request, text, (error, value) => {
        if (error !== null) done(error);
        else done(null, withLosslessNumbers(value, bytes));
      });
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  scope.removeContentTypeParser("application/json");
  scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    const codings = codingsIn(request.headers["content-encoding"]);
    if (codings.length === 0 || body.length === 0) return parse(request, body, done);
    decode(body, codings, maxBytes).then((decoded) => parse(request, decoded, done), done);
  });
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, undefined));
  scope.addHook("onRequest", async (request, reply) => {
    refuseCharset(request.headers["content-type"]);
    try {
      codingsIn(request.headers["content-encoding"]);
    } catch (error) {
      if (findAppError(error)?.status === 415) reply.header("accept-encoding", ACCEPTED_CODINGS);
      throw error;
    }
  });
  scope.addHook("preHandler", async ({ query }) => {
    for (const text of jsonTexts(query)) refuseLargeJson(text, maxBytes);
  });
}

/** @throws AppError 415 naming a charset that is not UTF-8 */
function refuseCharset(contentType: string | undefined): void {
  const charset = CHARSET.exec(contentType ?? "")?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  const name = JSON.stringify(charset.slice(0, MAX_NAME_LENGTH));
  throw new AppError("BAD_REQUEST", `Send application/json in UTF-8: the charset ${name} is not read here.`, {
    status: 415,
  });
}

/** Takes the byte-order mark off. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** @throws AppError `BAD_REQUEST` for bytes that no text has: a replacement would be run in their place */
function textOf(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new AppError("BAD_REQUEST", "The request body is not in UTF-8.", { cause });
  }
}

/** The parts of an address that are read as JSON. */
function jsonTexts(query: unknown): string[] {
  if (typeof query !== "object" || query === null) return [];
  return Object.entries(query).flatMap(([name, text]) =>
    JSON_PARTS.includes(name) && typeof text === "string" ? [text] : [],
  );
}
