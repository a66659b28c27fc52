/**
 * The gateway's translation of errors, once per answer and the same for every transport: what a subgraph made public
 * passes with its code, refusals of the request pass with a status, everything else is logged and masked. What the
 * executor finds wrong with a subgraph's answer is masked too, unless the subgraphs are somebody else's.
 */
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { type AppError, ERROR_STATUS, findAppError } from "../../platform/errors/app-error.ts";
import { toPublicError } from "../../platform/errors/graphql-errors.ts";
import { retryAfterSeconds } from "../limits/rate/rate-limited.ts";
import { literalField } from "./literal-field.ts";
import type { RequestScope } from "./request-scope.ts";

/** Codes that Apollo Server and our limits give to refused requests: their messages speak of the request only. */
const REQUEST_CODES = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  "PERSISTED_QUERY_NOT_IN_LIST",
  "QUERY_NOT_IN_SAFELIST",
  "MAX_TOKENS_LIMIT",
  "MAX_DEPTH_LIMIT",
  "MAX_ALIASES_LIMIT",
  "MAX_ROOT_FIELDS_LIMIT",
  "MAX_DIRECTIVES_LIMIT",
  "MAX_LENGTH_LIMIT",
  "MAX_REPEATED_FIELDS_LIMIT",
  "DIRECTIVE_UNSUPPORTED",
  "COST_ESTIMATED_TOO_EXPENSIVE",
  "QUERY_PLAN_COMPLEXITY_EXCEEDED",
  "QUERY_PLAN_UNSUPPORTED",
  "SUBSCRIPTION_NOT_SUPPORTED",
]);

/** What a refusal says besides its code. */
const REQUEST_FACTS: readonly string[] = ["validationErrorCode", "estimated", "maximum", "field", "variable"];

/** Set by the data sources on errors that the subgraph, or they themselves, already made public. */
export const PUBLIC_MARK = "tributaryPublic";

/** Of what a subgraph answered, or of its errors that have no code. */
export const WRONG_ANSWER = "DOWNSTREAM_SERVICE_ERROR";

export interface ErrorTrust {
  /** Subgraphs are not ours: who asks may know what is wrong with their answers (standalone). */
  readonly trustMessages: boolean;
}

export function toGatewayError(
  error: GraphQLError,
  scope: RequestScope,
  { trustMessages }: ErrorTrust = { trustMessages: false },
): GraphQLFormattedError {
  // What the executor itself finds wrong with a subgraph's answer is a plain Error, whatever its types say.
  const given = error.extensions ?? {};
  const { code } = given;
  const place = {
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
  if (given[PUBLIC_MARK] === true) {
    const { [PUBLIC_MARK]: _mark, serviceName: _service, ...extensions } = given;
    return { message: error.message, ...place, extensions: { ...extensions, traceId: scope.traceId } };
  }
  if (findAppError(error.originalError) === undefined && typeof code === "string" && REQUEST_CODES.has(code)) {
    const field = code === "GRAPHQL_VALIDATION_FAILED" ? literalField(error) : undefined;
    return {
      message: error.message,
      ...place,
      extensions: {
        code,
        status: httpStatus(error) ?? 400,
        retryable: false,
        traceId: scope.traceId,
        ...(field === undefined ? {} : { field }),
        ...Object.fromEntries(
          REQUEST_FACTS.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
        ),
      },
    };
  }
  if (trustMessages && code === WRONG_ANSWER) {
    const { message } = error;
    scope.logger.warn({ path: error.path, reason: message }, "a subgraph's answer is not what the schema says");
    return { message, ...place, extensions: { code, status: 502, retryable: false, traceId: scope.traceId } };
  }
  return toPublicError(masked(error), scope);
}

/**
 * `platform/` shows errors without a cause, since there they are graphql-js's own; here they may come from the planner.
 */
function masked(error: GraphQLError): GraphQLError {
  if (findAppError(error.originalError) !== undefined) return error;
  return new GraphQLError(error.message, {
    path: error.path,
    originalError: new Error(error.message, { cause: error.originalError ?? error }),
  });
}

function httpStatus(error: GraphQLError): number | undefined {
  const http = error.extensions["http"];
  if (typeof http !== "object" || http === null || !("status" in http)) return undefined;
  return typeof http.status === "number" ? http.status : undefined;
}

/** An AppError as the GraphQL error that Apollo Server turns into an HTTP answer of its status. */
export function toRequestError(error: AppError): GraphQLError {
  const headers = new Map<string, string>();
  const wait = retryAfterSeconds(error);
  if (wait !== undefined) headers.set("retry-after", String(wait));
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: error.status, headers } },
  });
}

/** Status of an answer without data, from the first error's code. */
export function statusOf(errors: readonly GraphQLFormattedError[] | undefined): number {
  const extensions = errors?.[0]?.extensions ?? {};
  const status = extensions["status"];
  if (typeof status === "number" && status >= 400 && status < 600) return status;
  const code = extensions["code"];
  return Object.entries(ERROR_STATUS).find(([errorCode]) => errorCode === code)?.[1] ?? 500;
}
