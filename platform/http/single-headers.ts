/** Headers of a request as one text each, for whoever works apart from HTTP. */
import type { IncomingHttpHeaders } from "node:http";

/** Lower-case names. Of a header that came several times the first counts. */
export type SingleHeaders = Readonly<Record<string, string | undefined>>;

export function singleHeaders(headers: IncomingHttpHeaders): SingleHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
