/** What a request for a stream asks: the operation, and where to resume. */
import { AppError } from "../../../platform/errors/app-error.ts";
import type { RequestParameters } from "../../operations/request-parameters.ts";
import type { HttpExchange } from "../../ports.ts";
import { resumeCursor } from "../log/resume-cursor.ts";

export interface StreamRequest extends Pick<RequestParameters, "operationName" | "variables"> {
  readonly query: string;
  /** Cursor that a reconnecting reader sent: newer than anything its unchanged document or address may hold. */
  readonly lastEventId: string | undefined;
  readonly resume: string | undefined;
}

/** @throws AppError `BAD_REQUEST` for what is no GraphQL request at all */
export function readStreamRequest({ headers, sent, lastEventId }: HttpExchange): StreamRequest {
  const { query, operationName, variables, extensions } = sent.parameters ?? {};
  if (query === undefined) {
    const message = "Send the operation as `query`, by POST as application/json or in a GET's address.";
    throw new AppError("BAD_REQUEST", message);
  }
  return {
    query,
    operationName,
    variables,
    lastEventId: given(headers["last-event-id"]),
    resume: resumeCursor(extensions) ?? given(lastEventId),
  };
}

const given = (text: string | string[] | undefined) => (typeof text === "string" && text !== "" ? text : undefined);
