/**
 * The snapshot of a stream in the shape of an event that was never in the log: so it is planned, enriched and sent like
 * one. Its payload type refers to the stream's key, and the federated selection below it is what the snapshot shows.
 */
import { randomUUID } from "node:crypto";
import { AppError, ERROR_STATUS, type ErrorCode } from "../../../platform/errors/app-error.ts";
import { isJsonObject } from "../../transport/json-object.ts";
import type { EnrichedAnswer } from "../enrichment/enriched-answer.ts";
import type { ReadableEvent } from "../log/event.ts";
import type { BoundPlan } from "../plan/plan.ts";
import { SNAPSHOT_TYPE } from "../plan/record.ts";

/** Dated now, so call it before the query begins. */
export function snapshotEvent({ plan: { field }, args }: BoundPlan, key: string): ReadableEvent {
  const own = args[field.keyArgument] === undefined || args[field.keyArgument] === null;
  const reference = own ? field.snapshot?.own : field.snapshot?.key;
  const id = randomUUID();
  return {
    partition: -1,
    offset: -1n,
    key,
    sequence: 0n,
    size: 0,
    envelope: {
      specversion: "1.0",
      id,
      source: "/tributary/gateway",
      type: SNAPSHOT_TYPE,
      time: new Date().toISOString(),
      subject: key,
      datacontenttype: "application/json",
      data: reference === undefined ? {} : { [`${reference}Id`]: key },
      partitionkey: key,
      sequence: "0",
      actorkind: "SERVICE",
      aggregateversion: 0,
      correlationid: id,
      hop: 0,
    },
  };
}

/**
 * Why an answer is no snapshot: there are errors, and of the state nothing came. Errors beside something of it are part
 * of the answer.
 */
export function snapshotFailure({ data: text, errors }: EnrichedAnswer): AppError | undefined {
  const [first] = errors ?? [];
  if (text !== "null" && (first === undefined || holdsState(text))) return undefined;
  const code = first?.extensions?.["code"];
  if (isErrorCode(code) && ERROR_STATUS[code] < 500) {
    return new AppError(code, first?.message ?? "The snapshot was refused.", { details: { reason: "SNAPSHOT" } });
  }
  return new AppError("SERVICE_UNAVAILABLE", "The snapshot could not be fetched: subscribe again in a moment.", {
    details: { reason: "SNAPSHOT" },
  });
}

/** Is there an object below the root field's `event`? Its other fields are the message's own. */
function holdsState(text: string): boolean {
  const data: unknown = JSON.parse(text);
  return isJsonObject(data) && objectsIn(data).flatMap(objectsIn).flatMap(objectsIn).length > 0;
}

function objectsIn(value: object): object[] {
  return Object.values(value).filter((item) => typeof item === "object" && item !== null);
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_STATUS, code);
}
