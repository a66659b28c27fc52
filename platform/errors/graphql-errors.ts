/**
 * The edge towards GraphQL: every error that leaves an executor passes here once. Expected errors keep their message,
 * and so does what is unavailable for now: it says what to do. All others leave as a fixed text. Whatever is our fault
 * is logged with its cause under an `errorId`.
 */
import { randomUUID } from "node:crypto";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { isStoreOutage } from "../events/store-outage.ts";
import type { Logger } from "../logger/logger.ts";
import { AppError, findAppError } from "./app-error.ts";

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
  const appError = findAppError(error.originalError) ?? storeAway(error.originalError);
  if (appError !== undefined && (appError.expected || isRefusedForRoom(appError))) {
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
  logger.error({ err: error.originalError ?? error, errorId, path: error.path }, "request failed");
  const { code, status, retryable, details } = appError ?? INTERNAL;
  const message = appError !== undefined && isTemporary(appError) ? appError.message : MASKED_MESSAGE;
  return { message, ...place, extensions: { code, status, retryable, traceId, errorId, ...details } };
}

const INTERNAL = { code: "INTERNAL_SERVER_ERROR", status: 500, retryable: false, details: {} };

/** Written for the caller, as the message of every AppError; here it says what to do until it is over. */
export const isTemporary = ({ status }: AppError): boolean => status === 503;

/** Nothing went wrong: there was no room, and nothing was begun. */
const isRefusedForRoom = (error: AppError): boolean => isTemporary(error) && error.cause === undefined;

/** A store broke off, or refused us: what it had done by then nobody can tell. */
function storeAway(error: unknown): AppError | undefined {
  if (!isStoreOutage(error)) return undefined;
  return new AppError(
    "SERVICE_UNAVAILABLE",
    "What keeps the data does not answer: try again shortly. Send a command with the same idempotency key, since it may have been carried out.",
    { cause: error, details: { retryAfterSeconds: 1 } },
  );
}

/** Without an original error, or with a GraphQLError as one, the error is about the request, not about our code. */
function isRequestError(error: GraphQLError): boolean {
  return error.originalError === undefined || error.originalError instanceof GraphQLError;
}
