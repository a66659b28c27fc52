/** Translates kafkajs's failures into the port's: an unknown topic, an offset that is gone, or a log that is away. */
import { AppError } from "../../errors/app-error.ts";

const TOO_LARGE: ReadonlySet<string> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

/** The protocol error of a failure, e.g. `OFFSET_OUT_OF_RANGE`, also inside a wrapper. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("type" in current && typeof current.type === "string") return current.type;
  }
  return undefined;
}

const BROKEN = new Set(["KafkaJSConnectionError", "KafkaJSConnectionClosedError", "KafkaJSRequestTimeoutError"]);

/** The connection ended, perhaps because its broker had gone silent, or should have: another one may serve. */
export function isBroken(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (BROKEN.has(current.name)) return true;
  }
  return false;
}

/** The broker has no room for a record batch of this size, whoever sends it. */
export const isTooLarge = (error: unknown): boolean => TOO_LARGE.has(kafkaErrorType(error) ?? "");

export function translateKafkaFailure(error: unknown, topic?: string): unknown {
  if (error instanceof AppError) return error;
  if (topic !== undefined && (isTooLarge(error) || kafkaErrorType(error) === "INVALID_RECORD")) {
    const message = `Kafka refuses an event for ${topic}: ${error instanceof Error ? error.message : String(error)}.`;
    const remedy = isTooLarge(error) ? " Raise the topic's max.message.bytes, or the brokers' message.max.bytes." : "";
    return new AppError("EVENT_REFUSED", message + remedy, { cause: error });
  }
  if (topic !== undefined && kafkaErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return unknownTopic(topic, error);
  return new AppError("EVENT_LOG_UNAVAILABLE", "Kafka does not answer as it should.", { cause: error });
}

export function unknownTopic(topic: string, cause?: unknown): AppError {
  return new AppError("NOT_FOUND", `The event log has no topic ${topic}.`, { cause });
}
