/**
 * The live client behind urql's `subscriptionExchange`. urql hands a result to its subscribers before `next` returns,
 * so an event counts as processed after they ran.
 */
import { type SubscriptionForwarder, type SubscriptionOperation, stringifyVariables } from "@urql/core";
import type { LiveClient } from "./live-client.ts";

export interface LiveForwarderOptions {
  /** Names the stream of an operation in the cursor store; default: the operation's name and variables. */
  stream?(operation: SubscriptionOperation): string;
  /** Events were left out because this client did not keep up, on a field that promises the newest per key only. */
  onSkipped?(events: number, operation: SubscriptionOperation): void;
  /**
   * The stream stands at a known position: fetch again what was fetched before. Not called where it begins with a
   * snapshot.
   */
  onPosition?(operation: SubscriptionOperation): void;
  /**
   * The server cannot resume: fetch the current state, unless the document asks for a snapshot. The stream begins anew
   * when this settled.
   */
  onResync?(reason: string, operation: SubscriptionOperation): Promise<void> | void;
}

/** For `subscriptionExchange({ forwardSubscription: createLiveForwarder(client) })`. */
export function createLiveForwarder(client: LiveClient, options: LiveForwarderOptions = {}): SubscriptionForwarder {
  const { stream = streamOf } = options;
  return (operation) => ({
    subscribe(observer) {
      const { query = "", variables = {} } = operation;
      let first = true;
      const unsubscribe = client.subscribe<Record<string, unknown>, Record<string, unknown>>(
        { document: query, variables, stream: stream(operation) },
        {
          next(result, { skipped }) {
            if (skipped > 0) options.onSkipped?.(skipped, operation);
            // urql 6.0 keeps the errors of the previous event where a result has none. It makes an error of an empty
            // list in the first one. Deletable when it no longer merges the results of a subscription.
            observer.next(first ? { ...result } : { ...result, errors: [...(result.errors ?? [])] });
            first = false;
          },
          onPosition: () => options.onPosition?.(operation),
          onResync: (reason) => options.onResync?.(reason, operation),
          // A list is what urql takes for errors of the operation rather than of the network.
          onEnd: ({ code, message }) => observer.error([{ message, extensions: { code } }]),
        },
      );
      return { unsubscribe };
    },
  });
}

function streamOf({ operationName, query, variables }: SubscriptionOperation): string {
  return `${operationName ?? query}:${stringifyVariables(variables ?? {})}`;
}
