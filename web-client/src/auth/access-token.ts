/** An access token and when to replace it. Times are milliseconds of this machine's clock. */
export interface AccessToken {
  readonly value: string;
  readonly refreshAt: number;
}

const MARGIN_MS = 60_000;
const SHORTEST_USE_MS = 20_000;

/** @param expiresAt RFC 3339 by the server's clock; a clock that is ahead of it must not make every request refresh */
export function accessToken(value: string, expiresAt: string, now: number): AccessToken {
  return { value, refreshAt: Math.max(Date.parse(expiresAt) - MARGIN_MS, now + SHORTEST_USE_MS) };
}
