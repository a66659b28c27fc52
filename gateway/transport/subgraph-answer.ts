/**
 * Reads a subgraph's answer, whatever transport brought it. Its errors leave here in public form: our subgraphs' own pass, a foreign
 * subgraph's are masked unless the gateway was told to show them, and a subgraph that gave no answer costs its own fields only.
 */
import { randomUUID } from "node:crypto";
import { type GraphQLFormattedError, Kind, parse } from "graphql";
import { z } from "zod";
import { MASKED_MESSAGE } from "../../platform/errors/graphql-errors.ts";
import { changeSchema } from "../../platform/events/envelope.ts";
import { PUBLIC_MARK } from "../errors/public-error.ts";
import type { GatewayContext } from "../ports.ts";
import { isJsonObject } from "./json-object.ts";
import type { SubgraphAnswer, SubgraphRequest } from "./subgraph-client.ts";

const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.looseObject({
        message: z.string().catch(""),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .nullish(),
  extensions: z
    .looseObject({
      idempotency: z.object({ replayed: z.boolean() }).optional(),
      identity: z.object({ changed: z.boolean() }).optional(),
      // A foreign subgraph may mean something else by it.
      changes: z.array(changeSchema).optional().catch(undefined),
    })
    .nullish(),
});

const NO_ERRORS: readonly GraphQLFormattedError[] = [];

export interface AnswerReader {
  readonly subgraph: string;
  /** Show the messages of errors that do not carry our codes. */
  readonly trustMessages: boolean;
}

/** @param body parsed JSON, or the answer of a subgraph in this process */
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
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success || (parsed.data.data == null && (parsed.data.errors ?? []).length === 0)) {
    return unavailable(reader.subgraph, request, context, "the answer is no GraphQL result");
  }
  const { errors, extensions } = parsed.data;
  if (extensions?.idempotency?.replayed === true) context.idempotencyReplayed = true;
  if (extensions?.identity?.changed === true) context.rightsChanged = true;
  // The parsed copy would cost a walk over the whole answer: what was checked is handed on itself.
  const data = isJsonObject(body) && isJsonObject(body["data"]) ? body["data"] : null;
  return {
    data,
    errors: (errors ?? []).map((error) => publicError(reader, context, error)),
    shared: false,
    ...(extensions?.changes === undefined ? {} : { changes: extensions.changes }),
  };
}

interface ForeignError {
  readonly message: string;
  readonly path?: (string | number)[] | undefined;
  readonly extensions?: Record<string, unknown> | undefined;
}

function publicError(
  { subgraph, trustMessages }: AnswerReader,
  context: GatewayContext,
  error: ForeignError,
): GraphQLFormattedError {
  const place = error.path === undefined ? {} : { path: error.path };
  const { code, status } = error.extensions ?? {};
  if (trustMessages || (typeof code === "string" && typeof status === "number")) {
    const { stacktrace: _stack, exception: _exception, ...extensions } = error.extensions ?? {};
    return {
      message: error.message,
      ...place,
      extensions: { code: "DOWNSTREAM_SERVICE_ERROR", ...extensions, [PUBLIC_MARK]: true },
    };
  }
  const errorId = randomUUID();
  context.logger.error({ subgraph, subgraphError: error, errorId }, "a subgraph answered with an error of its own");
  const extensions = { code: "INTERNAL_SERVER_ERROR", status: 500, retryable: false, errorId, [PUBLIC_MARK]: true };
  return { message: MASKED_MESSAGE, ...place, extensions };
}

/** The answer in place of one that did not come: an error at the fields that are missing, naming the part but no address. */
export function unavailable(
  subgraph: string,
  request: SubgraphRequest,
  context: GatewayContext,
  reason: unknown,
): SubgraphAnswer {
  context.logger.warn({ subgraph, err: reason }, "a subgraph did not answer");
  return {
    data: null,
    errors: missingPaths(request).map((path) => ({
      message: `The ${subgraph} part of the platform does not answer: try again shortly.`,
      ...(path === undefined ? {} : { path }),
      extensions: { code: "SERVICE_UNAVAILABLE", status: 503, retryable: true, [PUBLIC_MARK]: true },
    })),
    shared: false,
  };
}

/** One path per root field; for entities the first one, which the executor turns into a path of the client's operation. */
function missingPaths({
  operation: { text },
  representations,
}: SubgraphRequest): (readonly (string | number)[] | undefined)[] {
  if (representations !== undefined) return [["_entities", 0]];
  const operation = parse(text, { noLocation: true }).definitions.find(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const fields = (operation?.selectionSet.selections ?? []).flatMap((selection) =>
    selection.kind === Kind.FIELD ? [[selection.alias?.value ?? selection.name.value]] : [],
  );
  return fields.length === 0 ? [undefined] : fields;
}
