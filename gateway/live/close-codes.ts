/** Why a socket is closed. Codes from 4400 on as far as graphql-transport-ws names them are its own; see PROTOCOL.md. */
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
  idInUse: { code: 4409, reason: "Subscriber already exists" },
  tooManySockets: { code: 4429, reason: "Too many sockets of this user: close one first" },
  slowConsumer: { code: 4508, reason: "Slow consumer: reconnect and resume" },
} as const satisfies Readonly<Record<string, CloseReason>>;

/** This gateway stops, others go on. The reason is JSON, for clients that can wait as told. */
export function restarting(retryAfterMs: number): CloseReason {
  return { code: 1012, reason: JSON.stringify({ retryAfterMs }) };
}
