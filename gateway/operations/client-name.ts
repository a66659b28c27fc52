/** How a client program calls itself. Anybody may claim any name: good for counting, never for rights. */
import { headerText } from "../../platform/validation/text/header-text.ts";

export interface ClientName {
  readonly name: string;
  readonly version: string | undefined;
}

/** In code points; the rest is cut. */
const MAX_LENGTH = 64;

/**
 * From headers, or from the payload of `connection_init`, which may hold them by the same names, also below `headers`.
 */
export function clientNameOf(holder: Readonly<Record<string, unknown>> | undefined): ClientName | undefined {
  const name = textOf(holder, "apollographql-client-name");
  return name === undefined ? undefined : { name, version: textOf(holder, "apollographql-client-version") };
}

function textOf(holder: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  const nested = holder?.["headers"];
  const own = holder?.[key];
  const value =
    own ?? (typeof nested === "object" && nested !== null ? new Map(Object.entries(nested)).get(key) : undefined);
  return typeof value === "string" && value !== "" ? headerText(value, MAX_LENGTH) : undefined;
}
