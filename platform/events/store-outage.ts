/**
 * Tells "our store is away, or has no room" from "this cannot be handled". Consumers wait out the first, which counts
 * no attempt, and callers are told to try again; only the second may end in the dead letters.
 */

/** A socket that was cut, and the Postgres codes of a server that was shut down, crashed, or is not ready yet. */
const INTERRUPTION_CODES = new Set(["ECONNRESET", "EPIPE", "57P01", "57P02", "57P03"]);
/** pg gives it no code. */
const INTERRUPTION_TEXT = /^Connection terminated/;

/** Node's socket errors, Prisma's connection errors, and the Postgres codes of a server that stops or starts. */
const OUTAGE_CODES = new Set([
  ...INTERRUPTION_CODES,
  "ECONNREFUSED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "P1001",
  "P1002",
  "P1008",
  "P1017",
  "P2024",
  "P2037",
  "57P05",
  "53000",
  "53100",
  "53200",
  "53300",
  "53400",
  "25P03",
  "EVENT_LOG_UNAVAILABLE",
]);

/** Driver adapters report some failures by kind or by text only (@prisma/adapter-pg 7.10, pg 8.23). */
const OUTAGE_KINDS = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections"]);
const OUTAGE_TEXT =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|Query read timeout|Unable to start a transaction in the given time|too many clients already|remaining connection slots are reserved|Can't reach database server|Server has closed the connection|the database system is (starting up|shutting down|in recovery mode)/i;

function isOutageCode(code: unknown): boolean {
  return typeof code === "string" && (OUTAGE_CODES.has(code) || /^08[0-9A-Z]{3}$/.test(code));
}

/** True when a store that answers broke off, or is about to start: it may be asked again at once. */
export function isInterruption(error: Error): boolean {
  return INTERRUPTION_TEXT.test(error.message) || ("code" in error && INTERRUPTION_CODES.has(String(error.code)));
}

/** True when the error, or anything it wraps, says that a store could not be reached or broke off. */
export function isStoreOutage(error: unknown): boolean {
  return search(error, 0);
}

function search(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null || depth > 6) return false;
  const found: { code?: unknown; originalCode?: unknown; kind?: unknown; message?: unknown } = value;
  if (isOutageCode(found.code) || isOutageCode(found.originalCode)) return true;
  if (typeof found.kind === "string" && OUTAGE_KINDS.has(found.kind)) return true;
  if (value instanceof Error && OUTAGE_TEXT.test(value.message)) return true;
  const wrapping: { cause?: unknown; meta?: unknown; driverAdapterError?: unknown; errors?: unknown } = value;
  if (Array.isArray(wrapping.errors) && wrapping.errors.some((inner) => search(inner, depth + 1))) return true;
  return [wrapping.cause, wrapping.meta, wrapping.driverAdapterError].some((inner) => search(inner, depth + 1));
}
