/**
 * The live client as a link of Apollo Client 4: subscriptions go through it, everything else is forwarded. Apollo hands
 * a result to its observers before `next` returns, so an event counts as processed after they ran.
 */
import { ApolloLink } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { canonicalStringify } from "@apollo/client/utilities";
import { print } from "graphql";
import { Observable } from "rxjs";
import type { LiveClient } from "./live-client.ts";

export interface LiveLinkOptions {
  /** Names the stream of an operation in the cursor store; default: the operation's name and variables. */
  stream?(operation: ApolloLink.Operation): string;
  /** Events were left out because this client did not keep up, on a field that promises the newest per key only. */
  onSkipped?(events: number, operation: ApolloLink.Operation): void;
  /**
   * The stream stands at a known position: fetch again what was fetched before. Not called where it begins with a
   * snapshot.
   */
  onPosition?(operation: ApolloLink.Operation): void;
  /**
   * The server cannot resume: fetch the current state, unless the document asks for a snapshot. The stream begins anew
   * when this settled.
   */
  onResync?(reason: string, operation: ApolloLink.Operation): Promise<void> | void;
}

export function createLiveLink(client: LiveClient, options: LiveLinkOptions = {}): ApolloLink {
  const { stream = streamOf } = options;
  return new ApolloLink((operation, forward) => {
    if (operation.operationType !== "subscription") return forward(operation);
    return new Observable((observer) =>
      client.subscribe(
        { document: operation.query, variables: operation.variables, stream: stream(operation) },
        {
          next(result, { skipped }) {
            if (skipped > 0) options.onSkipped?.(skipped, operation);
            observer.next(result);
          },
          onPosition: () => options.onPosition?.(operation),
          onResync: (reason) => options.onResync?.(reason, operation),
          onEnd: ({ code, message }) =>
            observer.error(new CombinedGraphQLErrors({ errors: [{ message, extensions: { code } }] })),
        },
      ),
    );
  });
}

function streamOf({ operationName, query, variables }: ApolloLink.Operation): string {
  return `${operationName ?? print(query)}:${canonicalStringify(variables)}`;
}
