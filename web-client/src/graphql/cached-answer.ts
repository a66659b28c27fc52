import type { ApolloClient, OperationVariables, TypedDocumentNode } from "@apollo/client";
import { canonicalStringify } from "@apollo/client/utilities";

/** An external store in React's sense (`useSyncExternalStore`). */
export interface CachedAnswer<Data> {
  /** @returns what ends the watch */
  subscribe(onChange: () => void): () => void;
  /** The whole answer, the same object while it says the same; undefined while the cache lacks a part of it. */
  current(): Data | undefined;
}

/**
 * The answer to a query as the cache knows it now, whoever wrote it there: this query, another one or a live event.
 *
 * Apollo Client 4.3.8 does not tell its own observers all of that. `ObservableQuery.notify` drops a change of the cache
 * for good while a request of the same query is under way. Only the fetch policy `cache-and-network` avoids that.
 * Deletable when the test "Apollo Client drops …" fails.
 */
export function cachedAnswer<Data, Variables extends OperationVariables>(
  client: ApolloClient,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): CachedAnswer<Data> {
  const { cache } = client;
  const question = { query: cache.transformDocument(document), variables, optimistic: true };
  let last: Data | undefined;
  return {
    subscribe(onChange) {
      const watch = () => cache.watch({ ...question, callback: () => onChange() });
      let stop = watch();
      // Clearing the store ends every watch of the cache without a word.
      const forget = client.onClearStore(async () => {
        stop();
        stop = watch();
        onChange();
      });
      return () => {
        forget();
        stop();
      };
    },
    current() {
      const { complete, result } = cache.diff<Data, Variables>(question);
      if (!complete) last = undefined;
      // React renders again for every new object.
      else if (result !== last && canonicalStringify(result) !== canonicalStringify(last)) last = result;
      return last;
    },
  };
}
