/**
 * The edge towards GraphQL: every error that leaves an executor passes here once. Expected errors keep their message;
 * all others are logged with their cause and leave as a fixed text with an `errorId` that finds the log line.
 */
import { randomUUID } from "node:crypto";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { Logger } from "../logger/logger.ts";
import { findAppError } from "./app-error.ts";

export const MASKED_MESSAGE = "Something went wrong on our side. Try again; if it persists, report the errorId.";

export interface GraphQLErrorContext {
  /** Bound to the trace: its lines carry the trace's id already. */
  readonly logger: Logger;
  readonly traceId: string;
}

export function toPublicError(error: GraphQLError, { logger, traceId }: GraphQLErrorContext): GraphQLFormattedError {
  const place = {
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
  const appError = findAppError(error.originalError);
  if (appError?.expected === true) {
    logger.info({ code: appError.code, path: error.path }, "request refused");
    const { code, status, retryable, details, message } = appError;
    return { message, ...place, extensions: { code, status, retryable, traceId, ...details } };
  }
  // Raised by graphql-js about the request itself (syntax, validation, variables): safe to show.
  if (appError === undefined && isRequestError(error)) {
    const code = typeof error.extensions["code"] === "string" ? error.extensions["code"] : "BAD_USER_INPUT";
    const { field } = error.extensions;
    const about = field === undefined ? {} : { field };
    return { message: error.message, ...place, extensions: { code, status: 400, retryable: false, traceId, ...about } };
  }
  const errorId = randomUUID();
  const { code, status, retryable } = appError ?? { code: "INTERNAL_SERVER_ERROR", status: 500, retryable: false };
  logger.error({ err: error.originalError ?? error, errorId, path: error.path }, "request failed");
  return { message: MASKED_MESSAGE, ...place, extensions: { code, status, retryable, traceId, errorId } };
}

/** Without an original error, or with a GraphQLError as one, the error is about the request, not about our code. */
function isRequestError(error: GraphQLError): boolean {
  return error.originalError === undefined || error.originalError instanceof GraphQLError;
}
