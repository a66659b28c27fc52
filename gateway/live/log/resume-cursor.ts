/** The cursor that a request brings in its extensions, the same over every transport. */
import { isJsonObject, type JsonObject } from "../../transport/json-object.ts";

/**
 * `extensions.tributary.resume`; null is "not given". An empty text is a cursor that is not ours: whoever lost theirs
 * must not begin at the end unnoticed.
 */
export function resumeCursor(extensions: JsonObject | undefined): string | undefined {
  const tributary = extensions?.["tributary"];
  if (!isJsonObject(tributary)) return undefined;
  const { resume } = tributary;
  if (resume === undefined || resume === null) return undefined;
  // Not a string: refused like any other cursor that is not ours.
  return typeof resume === "string" ? resume : "";
}
