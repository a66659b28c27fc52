import type { ErrorLike } from "@apollo/client";

/** What is known of a query's latest request. */
export interface RequestState {
  /** Which question was asked: a failure of another one says nothing about it. */
  readonly question: string;
  readonly loading: boolean;
  readonly error: ErrorLike | undefined;
}

/**
 * A failure stands until its query is asked again: Apollo Client 4.3.8 forgets it when another query changes the cache.
 * @param before with the failure that stood then
 * @param now as Apollo Client tells it
 * @returns `now`, with the failure that stands
 */
export function withPersistentError(before: RequestState, now: RequestState): RequestState {
  const askedAgain = now.loading || before.loading || now.question !== before.question;
  return now.error !== undefined || askedAgain ? now : { ...now, error: before.error };
}
