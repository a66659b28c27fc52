/** Bounds what a subscriber waits for the event log, whatever its adapter still tries. */
import { withDeadline } from "../../../platform/deadline.ts";
import { AppError } from "../../../platform/errors/app-error.ts";

/** Within this time a subscribe is answered, or told that the log is away, in milliseconds. */
const LOG_DEADLINE_MS = 5_000;

/** The same result. @throws AppError `EVENT_LOG_UNAVAILABLE` when it takes longer; the work itself goes on */
export function inTime<T>(work: Promise<T>): Promise<T> {
  return withDeadline(
    work,
    LOG_DEADLINE_MS,
    () => new AppError("EVENT_LOG_UNAVAILABLE", "The event log does not answer in time."),
  );
}
