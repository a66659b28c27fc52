/**
 * Which headers of a client go on to subgraphs: those that are named, unless the client says that they concern this
 * connection only.
 */
import type { IncomingHttpHeaders } from "node:http";

/** @param names in lower case */
export function pickForwarded(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  if (names.length === 0) return picked;
  // https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
  const ofConnection = headers.connection?.toLowerCase().split(/\s*,\s*/) ?? [];
  for (const name of names) {
    const value = headers[name];
    if (typeof value === "string" && !ofConnection.includes(name)) picked[name] = value;
  }
  return picked;
}
