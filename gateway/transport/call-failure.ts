/** What the failure of a call says about repeating it. */

/**
 * `unsent`: the request did not leave, so that any may go elsewhere. `cut`: the connection broke before the answer was
 * whole. `silent`: there was no answer in time. `final`: it is the request's own fault, wherever it goes. `failed`: any
 * other failure.
 */
export type FailureKind = "unsent" | "cut" | "silent" | "final" | "failed";

/** An answer that would be no better from another instance. */
export class FinalAnswerError extends Error {}

export class NoAnswerError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** Nobody is there whom the call could be sent to now. */
export class NoInstanceError extends Error {
  constructor() {
    super("no instance can be asked now");
  }
}

const UNSENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const CUT: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** undici refuses what no server could take. */
const FINAL: ReadonlySet<string> = new Set(["UND_ERR_INVALID_ARG"]);

export function failureKind(error: unknown): FailureKind {
  if (error instanceof FinalAnswerError) return "final";
  if (error instanceof NoAnswerError) return "silent";
  if (error instanceof NoInstanceError) return "unsent";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return "failed";
  if (UNSENT.has(code)) return "unsent";
  if (FINAL.has(code)) return "final";
  return CUT.has(code) ? "cut" : "failed";
}
