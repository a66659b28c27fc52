/**
 * The one honest answer when a stream cannot go on without a hole: the client fetches anew and subscribes without a
 * cursor.
 */
import { AppError } from "../../../platform/errors/app-error.ts";

export type ResyncReason =
  /** The log no longer keeps the position. */
  | "RETENTION"
  /** The topic was deleted and created anew, or lost its newest records. */
  | "TOPIC_RECREATED"
  /** The cursor is not one of ours, was changed, or belongs to another stream. */
  | "FOREIGN_CURSOR"
  /** The stream's events are in another partition now. */
  | "UNKNOWN_PARTITION"
  /** The log itself skips an event. */
  | "GAP";

const MESSAGES: Readonly<Record<ResyncReason, string>> = {
  RETENTION: "Events behind this cursor are no longer kept.",
  TOPIC_RECREATED: "The event log was created anew since this cursor was given.",
  FOREIGN_CURSOR: "This cursor does not belong to this stream.",
  UNKNOWN_PARTITION: "The stream was moved since this cursor was given.",
  GAP: "An event of this stream was lost.",
};

export function resyncRequired(reason: ResyncReason, cause?: unknown): AppError {
  const message = `${MESSAGES[reason]} Fetch the current state, then subscribe without a cursor.`;
  return new AppError("RESYNC_REQUIRED", message, { details: { reason }, cause });
}
