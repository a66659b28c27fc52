import type {
  ErrorLike,
  ErrorPolicy,
  OperationVariables,
  TypedDocumentNode,
  WatchQueryFetchPolicy,
} from "@apollo/client";
// biome-ignore lint/style/noRestrictedImports: this is the hook that the rule leads to
import { useApolloClient, useQuery } from "@apollo/client/react";
import { canonicalStringify } from "@apollo/client/utilities";
import { useMemo, useState, useSyncExternalStore } from "react";
import { cachedAnswer } from "./cached-answer.ts";
import { withPersistentError } from "./persistent-error.ts";

/** As Apollo's `useQuery` takes them. */
export interface CachedQueryOptions<Variables> {
  readonly variables: Variables;
  readonly skip?: boolean;
  readonly fetchPolicy?: WatchQueryFetchPolicy;
  readonly errorPolicy?: ErrorPolicy;
  readonly pollInterval?: number;
  readonly skipPollAttempt?: () => boolean;
}

export interface CachedQuery<Data> {
  /** What the client knows, by whatever request or event it learned it; undefined while a part is unknown. */
  readonly data: Data | undefined;
  /** What this query's latest request failed with. */
  readonly error: ErrorLike | undefined;
  /** The first request of this query is under way; `data` may be there already. */
  readonly loading: boolean;
  /** Rejects with the failure of the request. */
  refetch(): Promise<unknown>;
  startPolling(intervalMs: number): void;
  stopPolling(): void;
}

/**
 * Apollo's `useQuery`, for every screen: when to ask the network, and what became of it, is Apollo's matter. What is
 * shown is what the cache knows, however slow or broken a request is. A query that is skipped has no data.
 */
export function useCachedQuery<Data, Variables extends OperationVariables>(
  document: TypedDocumentNode<Data, Variables>,
  options: CachedQueryOptions<Variables>,
): CachedQuery<Data> {
  const client = useApolloClient();
  const request = useQuery<Data>(document, options);
  const variables = canonicalStringify(options.variables);
  const answer = useMemo(() => cachedAnswer(client, document, JSON.parse(variables)), [client, document, variables]);
  const cachedData = useSyncExternalStore(answer.subscribe, answer.current);
  const requestedData = request.dataState === "complete" ? request.data : undefined;
  const { loading, refetch, startPolling, stopPolling } = request;
  const current = { question: variables, loading, error: request.error };
  const [last, setLast] = useState(current);
  const state = withPersistentError(last, current);
  const { error } = state;
  if (last.question !== variables || last.loading !== loading || last.error !== error) setLast(state);
  return {
    data: options.skip === true ? undefined : (cachedData ?? requestedData),
    error,
    loading,
    refetch,
    startPolling,
    stopPolling,
  };
}
