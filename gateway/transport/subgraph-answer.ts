/**
 * Reads a subgraph's answer, whatever transport brought it. What is unusual about it is logged once and costs nothing
 * else: data beside odd errors stays. Errors leave here in public form: our subgraphs' own pass, a foreign subgraph's
 * are masked unless the gateway was told to show them.
 */
import { randomUUID } from "node:crypto";
import type { GraphQLFormattedError } from "graphql";
import { z } from "zod";
import { MASKED_MESSAGE } from "../../platform/errors/graphql-errors.ts";
import { changeSchema } from "../../platform/events/envelope.ts";
import { PUBLIC_MARK, WRONG_ANSWER } from "../errors/public-error.ts";
import type { GatewayContext } from "../ports.ts";
import { type AnswerError, readErrors } from "./answer-errors.ts";
import { isJsonObject } from "./json-object.ts";
import type { SubgraphAnswer, SubgraphRequest } from "./subgraph-client.ts";
import { unavailable } from "./unavailable-answer.ts";

export interface AnswerReader {
  readonly subgraph: string;
  /** Show the messages of errors that do not carry our codes. */
  readonly trustMessages: boolean;
}

const NO_ERRORS: readonly GraphQLFormattedError[] = [];

/** A foreign subgraph may mean something else by any of these: one that does not fit is left out. */
const extensionsSchema = z.object({
  idempotency: z.object({ replayed: z.boolean() }).optional().catch(undefined),
  identity: z.object({ changed: z.boolean() }).optional().catch(undefined),
  changes: z.array(changeSchema).optional().catch(undefined),
});

/**
 * The data, where it is an object, and every error. What is neither data nor an error is an unavailable subgraph.
 * @param body parsed JSON, or the answer of a subgraph in this process
 */
export function readAnswer(
  reader: AnswerReader,
  request: SubgraphRequest,
  context: GatewayContext,
  body: unknown,
): SubgraphAnswer {
  // Nearly every answer is whole: only the others are looked at closely.
  if (isJsonObject(body) && isJsonObject(body["data"]) && body["errors"] == null && body["extensions"] == null) {
    return { data: body["data"], errors: NO_ERRORS, shared: false };
  }
  const { subgraph } = reader;
  if (!isJsonObject(body)) return unavailable(subgraph, request, context, "the answer is no GraphQL result");
  const oddities = new Set<string>();
  const odd = (what: string) => void oddities.add(what);
  const data = readData(body["data"], odd);
  const found = readErrors(body["errors"], odd);
  const extensions = readExtensions(body["extensions"], odd);
  if (oddities.size > 0) context.logger.warn({ subgraph, oddities: [...oddities] }, "a subgraph's answer is unusual");
  if (extensions.idempotency?.replayed === true) context.idempotencyReplayed = true;
  if (extensions.identity?.changed === true) context.rightsChanged = true;
  if (data === null && found.errors.length === 0) {
    return unavailable(subgraph, request, context, "the answer holds neither data nor errors");
  }
  const errors = publicErrors(reader, context, found.errors);
  if (found.omitted > 0) errors.push(omission(subgraph, found.omitted));
  const { changes } = extensions;
  return { data, errors, shared: false, ...(changes === undefined ? {} : { changes }) };
}

function readData(data: unknown, odd: (what: string) => void): SubgraphAnswer["data"] {
  if (isJsonObject(data)) return data;
  if (data !== null && data !== undefined) odd("`data` is no object");
  return null;
}

function readExtensions(extensions: unknown, odd: (what: string) => void): z.infer<typeof extensionsSchema> {
  if (extensions === null || extensions === undefined) return {};
  if (isJsonObject(extensions)) return extensionsSchema.parse(extensions);
  odd("`extensions` is no object");
  return {};
}

/** Of masked errors, in the log. */
const MAX_LOGGED = 20;

function publicErrors(
  { subgraph, trustMessages }: AnswerReader,
  context: GatewayContext,
  errors: readonly AnswerError[],
): GraphQLFormattedError[] {
  const masked = trustMessages ? [] : errors.filter((error) => !isCoded(error));
  // They were one answer: one line tells of all of them.
  const errorId = masked.length > 0 ? randomUUID() : undefined;
  if (errorId !== undefined) {
    const shown = masked.slice(0, MAX_LOGGED);
    const facts = { subgraph, subgraphErrors: shown, count: masked.length, errorId };
    context.logger.error(facts, "a subgraph answered with errors of its own");
  }
  const own = { code: "INTERNAL_SERVER_ERROR", status: 500, retryable: false, errorId, [PUBLIC_MARK]: true };
  return errors.map((error) => {
    const place = error.path === undefined ? {} : { path: error.path };
    if (!trustMessages && !isCoded(error)) return { message: MASKED_MESSAGE, ...place, extensions: own };
    return { message: error.message, ...place, extensions: publicExtensions(error) };
  });
}

/** Is the error one that its subgraph made public? */
function isCoded({ extensions: { code, status } }: AnswerError): boolean {
  return typeof code === "string" && typeof status === "number";
}

/** Without what a server tells its own developers, and without what our own server takes orders from. */
function publicExtensions({ extensions: all }: AnswerError): Record<string, unknown> {
  const { stacktrace: _stack, exception: _exception, http: _http, code, ...extensions } = all;
  return {
    ...extensions,
    code: typeof code === "string" ? code : WRONG_ANSWER,
    [PUBLIC_MARK]: true,
  };
}

function omission(subgraph: string, count: number): GraphQLFormattedError {
  return {
    message: `The ${subgraph} part of the platform told of ${count} more errors, which are left out.`,
    extensions: { code: WRONG_ANSWER, status: 502, retryable: false, [PUBLIC_MARK]: true },
  };
}
