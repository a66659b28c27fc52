/** Why the gateway itself ends a stream: what close codes say on a socket, told as a last error. */
import type { GraphQLFormattedError } from "graphql";
import type { SessionEnd } from "../access/session-revalidation.ts";

export interface StreamEnd {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly reason: string;
  readonly message: string;
}

export const STREAM_END = {
  goingAway: {
    code: "SERVICE_UNAVAILABLE",
    status: 503,
    retryable: true,
    reason: "GOING_AWAY",
    message: "This gateway is going away: reconnect with jitter and resume.",
  },
  unconfirmed: {
    code: "SERVICE_UNAVAILABLE",
    status: 503,
    retryable: true,
    reason: "UNCONFIRMED",
    message: "Nobody can say now whether the session is alive: reconnect later and resume.",
  },
  tokenExpired: {
    code: "UNAUTHENTICATED",
    status: 401,
    retryable: false,
    reason: "TOKEN_EXPIRED",
    message: "The access token has expired: refresh it, then resume.",
  },
  sessionEnded: {
    code: "UNAUTHENTICATED",
    status: 401,
    retryable: false,
    reason: "SESSION_ENDED",
    message: "The session has ended: sign in, then resume.",
  },
  slowConsumer: {
    code: "SLOW_CONSUMER",
    status: 429,
    retryable: true,
    reason: "SLOW_CONSUMER",
    message: "Too much waits to be read: reconnect and resume, nothing is lost. Read faster or select less.",
  },
} as const satisfies Readonly<Record<string, StreamEnd>>;

export const STREAM_END_OF_SESSION: Readonly<Record<SessionEnd, StreamEnd>> = {
  TOKEN_EXPIRED: STREAM_END.tokenExpired,
  SESSION_ENDED: STREAM_END.sessionEnded,
  UNCONFIRMED: STREAM_END.unconfirmed,
  // Only a refresh brings another user's token, and a stream's token is never refreshed.
  OTHER_USER: STREAM_END.sessionEnded,
};

/** @param cursor where to resume, when anything was told */
export function streamEndError(end: StreamEnd, traceId: string, cursor: string | undefined): GraphQLFormattedError {
  const { message, ...extensions } = end;
  const tributary = cursor === undefined ? {} : { tributary: { cursor } };
  return { message, extensions: { ...extensions, traceId, ...tributary } };
}
