/**
 * Why a socket is closed. Codes from 4400 on as far as graphql-transport-ws names them are its own; see PROTOCOL.md.
 */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

export const CLOSE = {
  tryAgainLater: { code: 1013, reason: "Try again later" },
  internal: { code: 4500, reason: "Internal server error" },
  forbidden: { code: 4403, reason: "Forbidden" },
  tokenExpired: { code: 4403, reason: "Token expired" },
  sessionEnded: { code: 4403, reason: "Session ended" },
  invalidMessage: { code: 4400, reason: "Invalid message received" },
  idTooLong: { code: 4400, reason: "An id may have 256 characters" },
  unauthorized: { code: 4401, reason: "Unauthorized" },
  noSubprotocol: { code: 4406, reason: "Subprotocol not acceptable" },
  initTimeout: { code: 4408, reason: "Connection initialisation timeout" },
  tooManyInits: { code: 4429, reason: "Too many initialisation requests" },
  tooManyConnections: { code: 4429, reason: "Too many sockets and streams of this user: close one first" },
  tooManyRefreshes: { code: 4429, reason: "Too many token refreshes: one per token is enough" },
  slowConsumer: { code: 4508, reason: "Slow consumer: reconnect and resume" },
} as const satisfies Readonly<Record<string, CloseReason>>;

/** An operation with this id is active. */
export function idInUse(id: string): CloseReason {
  return { code: 4409, reason: `Subscriber for ${id} already exists` };
}

/** This gateway stops, others go on. The reason is JSON, for clients that can wait as told. */
export function restarting(retryAfterMs: number): CloseReason {
  return { code: 1012, reason: JSON.stringify({ retryAfterMs }) };
}

const MAX_REASON_BYTES = 123;

/** A reason as far as a close frame holds it: one that quotes a client's id may be longer. */
export function fitting(reason: string): string {
  return Buffer.byteLength(reason) <= MAX_REASON_BYTES ? reason : "The reason is too long for a close frame";
}
