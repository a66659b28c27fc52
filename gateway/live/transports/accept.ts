/** Reads an `Accept` header: which stream format the caller reads, and whether plain JSON would do as well. */

export interface RequestedStream {
  readonly format: "sse" | "multipart";
  /** Also reads plain JSON: then only a subscription needs a stream. */
  readonly json: boolean;
}

/** `undefined` when the caller reads neither format. Of both, the one with the higher `q` is taken, then the first. */
export function requestedStream(accept: string | undefined): RequestedStream | undefined {
  // Nearly every request names neither.
  if (accept === undefined || !/event-stream|subscriptionspec/i.test(accept)) return undefined;
  const ranges = accept.split(",").map(readRange);
  const [wanted] = ranges
    .flatMap(({ type, params, q }) => {
      const format = formatOf(type, params);
      return format === undefined || q <= 0 ? [] : [{ format, q }];
    })
    .sort((one, other) => other.q - one.q);
  if (wanted === undefined) return undefined;
  const json = ranges.some(({ type, q }) => q > 0 && /^application\/(?:graphql-response\+|graphql\+)?json$/.test(type));
  return { format: wanted.format, json };
}

function formatOf(type: string, params: ReadonlyMap<string, string>): RequestedStream["format"] | undefined {
  if (type === "text/event-stream") return "sse";
  return type === "multipart/mixed" && params.get("subscriptionspec") === "1.0" ? "multipart" : undefined;
}

function readRange(text: string) {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  const params = new Map(
    rest.map((part) => {
      const [name = "", value = ""] = part.split("=", 2);
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, "$1")] as const;
    }),
  );
  const q = Number(params.get("q") ?? 1);
  return { type: type.toLowerCase(), params, q: Number.isFinite(q) ? q : 0 };
}
