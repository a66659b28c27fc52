// One way to follow orders per client library, all with the live client behind them.
import { ApolloClient, ApolloLink, InMemoryCache } from "@apollo/client";
import { Client, subscriptionExchange } from "@urql/core";
import { parse } from "graphql";
import { createLiveLink } from "../../../web-client/src/graphql/apollo-link.ts";
import type { LiveClient } from "../../../web-client/src/graphql/live-client.ts";
import { createLiveForwarder } from "../../../web-client/src/graphql/urql-exchange.ts";

export const ORDERS = `subscription Orders($shop: ID) {
  orderEvents(shop: $shop) { sequence eventId event { ... on OrderPlaced { order { id state } } } }
}`;

interface OrderData {
  readonly orderEvents: { readonly sequence: string };
}

interface ShopVariables extends Record<string, unknown> {
  readonly shop: string;
}

export interface Follower {
  readonly live: LiveClient;
  readonly shop: string;
  readonly stream: string;
  onEvent(sequence: string): void;
  onPosition(): void;
  onResync(reason: string): void;
  onError(error: unknown): void;
}

export const FOLLOW = {
  "Apollo Client": ({ live, shop, stream, onEvent, onPosition, onResync, onError }: Follower) => {
    const link = ApolloLink.from([
      createLiveLink(live, { stream: () => stream, onPosition, onResync: (reason) => onResync(reason) }),
    ]);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const subscription = client
      .subscribe<OrderData, ShopVariables>({ query: parse(ORDERS), variables: { shop } })
      .subscribe(({ data, error }) => (data === undefined ? onError(error) : onEvent(data.orderEvents.sequence)));
    return () => subscription.unsubscribe();
  },
  urql: ({ live, shop, stream, onEvent, onPosition, onResync, onError }: Follower) => {
    const forwardSubscription = createLiveForwarder(live, {
      stream: () => stream,
      onPosition,
      onResync: (reason) => onResync(reason),
    });
    const client = new Client({
      url: "http://unused.invalid/graphql",
      preferGetMethod: false,
      exchanges: [subscriptionExchange({ forwardSubscription })],
    });
    const subscription = client
      .subscription<OrderData, ShopVariables>(ORDERS, { shop })
      .subscribe(({ data, error }) =>
        error === undefined && data ? onEvent(data.orderEvents.sequence) : onError(error),
      );
    return () => subscription.unsubscribe();
  },
  "plain graphql-ws": ({ live, shop, stream, onEvent, onPosition, onResync, onError }: Follower) =>
    live.subscribe<OrderData & Record<string, unknown>, ShopVariables>(
      { document: ORDERS, variables: { shop }, stream },
      {
        next: ({ data, errors }) => (data == null ? onError(errors) : onEvent(data.orderEvents.sequence)),
        onPosition,
        onResync,
        onEnd: onError,
      },
    ),
} as const satisfies Record<string, (follower: Follower) => () => void>;
