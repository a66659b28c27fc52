/** What the failure of a call says about repeating it. */

/**
 * `unsent`: the request did not leave, so that any may go elsewhere. `cut`: the connection broke before the answer was whole. `failed`: any
 * other failure, a silent instance above all.
 */
export type FailureKind = "unsent" | "cut" | "failed";

const UNSENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const CUT: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

export function failureKind(error: unknown): FailureKind {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return "failed";
  if (UNSENT.has(code)) return "unsent";
  return CUT.has(code) ? "cut" : "failed";
}
