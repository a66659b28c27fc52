// JSON read and written without changing a number, by JavaScript's own means: so what the gateway's reader does is not
// compared with itself.

/** As `JSON.parse`, but a number that a double would write otherwise stays the text that it is. */
export function readExact(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value === "number" && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value;
  });
}

/** @returns the value with each such number as text, as digits of an ID are */
export function exactText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return isExactNumber(value) ? value.rawJSON : undefined;
}

export function isExactNumber(value: unknown): value is { readonly rawJSON: string } {
  return typeof value === "object" && value !== null && "rawJSON" in value && Object.getPrototypeOf(value) === null;
}
