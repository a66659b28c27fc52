/**
 * The messages of graphql-transport-ws, read and written. A client's message is checked as far as the subprotocol says
 * what one looks like; what a `subscribe` asks is checked where requests over every transport are
 * (operations/request-parameters.ts).
 */
import type { FormattedExecutionResult, GraphQLFormattedError } from "graphql";
import { isJsonObject, type JsonObject } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";

export type ClientMessage =
  | { readonly type: "connection_init" | "ping" | "pong"; readonly payload: JsonObject | undefined }
  | { readonly type: "subscribe"; readonly id: string; readonly payload: JsonObject }
  | { readonly type: "complete"; readonly id: string };

/** @returns `undefined` for what no client may say */
export function readMessage(text: string): ClientMessage | undefined {
  const message = parsed(text);
  if (!isJsonObject(message)) return undefined;
  const { type, id, payload } = message;
  switch (type) {
    case "connection_init":
    case "ping":
    case "pong":
      if (payload === undefined || payload === null) return { type, payload: undefined };
      return isJsonObject(payload) ? { type, payload } : undefined;
    case "subscribe":
      return isId(id) && isJsonObject(payload) ? { type, id, payload } : undefined;
    case "complete":
      return isId(id) ? { type, id } : undefined;
    default:
      return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const isId = (id: unknown): id is string => typeof id === "string" && id !== "";

export const CONNECTION_ACK = JSON.stringify({ type: "connection_ack" });

export function nextMessage(id: string, payload: FormattedExecutionResult): string {
  return JSON.stringify({ id, type: "next", payload });
}

/** Everything in front of a payload that is text already; `}` ends the message. */
export function nextHead(id: string): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
}

export function errorMessage(id: string, payload: readonly GraphQLFormattedError[]): string {
  return JSON.stringify({ id, type: "error", payload });
}

export function completeMessage(id: string): string {
  return JSON.stringify({ id, type: "complete" });
}
