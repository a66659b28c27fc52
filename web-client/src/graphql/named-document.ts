/**
 * A document on its way to a gateway. It is sent as its hash while the gateway knows that, with its text where the
 * gateway asks for it. Where the gateway stores none, the text is sent alone. This is the protocol of automatic
 * persisted queries.
 */

export interface NamedDocument {
  /** What a request carries now. */
  request(): { readonly query: string; readonly extensions: Readonly<Record<string, unknown>> };
  /** @returns whether `request` says from now on what the gateway asked for with this code of an error */
  answered(code: unknown): boolean;
}

/** @param id hash of the text; `undefined`: the text is sent from the start */
export function nameDocument(text: string, id: string | undefined): NamedDocument {
  let withText = id === undefined;
  let withId = id !== undefined;
  return {
    request: () => ({
      query: withText ? text : "",
      extensions: withId ? { persistedQuery: { version: 1, sha256Hash: id } } : {},
    }),
    answered(code) {
      if (code === "PERSISTED_QUERY_NOT_FOUND" && !withText) {
        withText = true;
        return true;
      }
      if (code === "PERSISTED_QUERY_NOT_SUPPORTED" && withId) {
        withText = true;
        withId = false;
        return true;
      }
      return false;
    },
  };
}
