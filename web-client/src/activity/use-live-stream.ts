import { useApolloClient } from "@apollo/client/react";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useEffect, useRef } from "react";
import { useServices } from "../app/services-context.ts";

export interface LiveStreamOptions<Data, Variables> {
  readonly document: TypedDocumentNode<Data, Variables>;
  readonly variables: Variables;
  readonly skip?: boolean;
  readonly onData: (data: Data) => void;
  /** Something may have been missed, or is newer than what was fetched: fetch the current state. */
  readonly onStale: () => void;
  /** The server will not go on, e.g. because a permission was taken away. */
  readonly onEnd: () => void;
}

/**
 * Follows a live field while the component is shown. Entities in its events update the cache, and so every view of
 * them.
 */
export function useLiveStream<Data extends object, Variables extends Record<string, unknown>>(
  options: LiveStreamOptions<Data, Variables>,
): void {
  const { live } = useServices();
  const { cache } = useApolloClient();
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const { document, skip = false } = options;
  const variables = JSON.stringify(options.variables);

  useEffect(() => {
    if (skip) return;
    // The cache wants to know the type of every object.
    const query = cache.transformDocument(document) as TypedDocumentNode<Data, Variables>;
    const stale = (): void => latest.current.onStale();
    return live.subscribe(
      { document: query, variables: JSON.parse(variables), stream: `${operationName(document)}:${variables}` },
      {
        next({ data }) {
          if (data == null) return stale();
          // An event that cannot be shown must not hold up the ones behind it.
          try {
            cache.write({ query, result: data, dataId: "ROOT_SUBSCRIPTION", variables: JSON.parse(variables) });
            latest.current.onData(data);
          } catch (error) {
            console.error(error);
            stale();
          }
        },
        onPosition: stale,
        onResync: stale,
        onEnd: () => latest.current.onEnd(),
      },
    );
  }, [live, cache, document, variables, skip]);
}

function operationName(
  document: TypedDocumentNode<never, never> | { readonly definitions: readonly unknown[] },
): string {
  for (const definition of document.definitions) {
    const name: unknown = Reflect.get(Object(definition), "name");
    if (name !== undefined) return String(Reflect.get(Object(name), "value"));
  }
  return "anonymous";
}
