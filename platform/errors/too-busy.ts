/** The one refusal of work for which there is no room now: what to do about it is the same everywhere. */
import { AppError } from "./app-error.ts";

export interface TooBusyOptions {
  /** A store that refused. */
  readonly cause?: unknown;
  /** After which the caller may find a place; default: 1. */
  readonly retryAfterSeconds?: number;
}

/** Why work of a caller was not begun. */
export function tooBusy({ cause, retryAfterSeconds = 1 }: TooBusyOptions = {}): AppError {
  return new AppError(
    "SERVICE_UNAVAILABLE",
    `Too much is asked at once, so nothing was done: try again in ${retryAfterSeconds} s. Send a command with the same idempotency key.`,
    { cause, details: { retryAfterSeconds } },
  );
}
