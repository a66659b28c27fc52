/** Translates kafkajs's failures into the port's: an unknown topic, an offset that is gone, or a log that is away. */
import { AppError } from "../../errors/app-error.ts";

/** The protocol error of a failure, e.g. `OFFSET_OUT_OF_RANGE`, also inside a wrapper. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("type" in current && typeof current.type === "string") return current.type;
  }
  return undefined;
}

/** A request was not answered in time; kafkajs 2.2.4 keeps the connection all the same. */
export function isKafkaTimeout(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current.name === "KafkaJSRequestTimeoutError") return true;
  }
  return false;
}

export function translateKafkaFailure(error: unknown, topic?: string): unknown {
  if (error instanceof AppError) return error;
  if (topic !== undefined && kafkaErrorType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return unknownTopic(topic, error);
  return new AppError("EVENT_LOG_UNAVAILABLE", "Kafka does not answer as it should.", { cause: error });
}

export function unknownTopic(topic: string, cause?: unknown): AppError {
  return new AppError("NOT_FOUND", `The event log has no topic ${topic}.`, { cause });
}
