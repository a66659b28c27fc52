/** The one refusal of work for which there is no room now, whoever had none: what to do about it is the same everywhere. */
import { AppError } from "./app-error.ts";

/** Seconds after which a refused caller may find a place. */
const RETRY_AFTER_SECONDS = 1;

/** Why work of a caller was not begun. */
export function tooBusy(cause?: unknown): AppError {
  return new AppError(
    "SERVICE_UNAVAILABLE",
    "Too much is asked at once, so nothing was done: try again in a moment. Send a command with the same idempotency key.",
    { cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } },
  );
}
