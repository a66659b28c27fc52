import { ApolloClient, ApolloLink, gql, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { Client, type CombinedError, subscriptionExchange } from "@urql/core";
import type { FormattedExecutionResult } from "graphql";
import { of } from "rxjs";
import { expect, test } from "vitest";
import { createLiveLink } from "../../../web-client/src/graphql/apollo-link.ts";
import type { LiveClient, LiveHandlers, LiveRequest } from "../../../web-client/src/graphql/live-client.ts";
import { createLiveForwarder } from "../../../web-client/src/graphql/urql-exchange.ts";
import { waitFor } from "../../support/wait.ts";

const TICKS = "subscription Ticks($b: Int, $a: Int) { ticks(a: $a, b: $b) { eventId } }";

/** A live client whose streams the test drives. */
function drivenClient() {
  const requests: { document: unknown; variables: unknown; stream: string }[] = [];
  const streams: LiveHandlers<unknown>[] = [];
  let ended = 0;
  const client: LiveClient = {
    subscribe<Data, Variables extends Record<string, unknown>>(
      request: LiveRequest<Data, Variables>,
      handlers: LiveHandlers<Data>,
    ) {
      requests.push(request);
      streams.push({
        ...handlers,
        next: (result, delivery) =>
          handlers.next(result as FormattedExecutionResult<Data & Record<string, unknown>>, delivery),
      });
      return () => {
        ended += 1;
      };
    },
    status: () => "live",
    onStatus: () => () => {},
    disconnect() {},
    reconnect() {},
    dispose() {},
  };
  const stream = () => waitFor(() => streams[0], { what: "a stream" });
  return { client, requests, stream, ended: () => ended };
}

const EVENT = { skipped: 0, snapshot: false };
const event = (eventId: string) => ({ data: { ticks: { eventId } } });

test("Apollo's link leaves queries to the next link and names a stream alike whatever the order of its variables", async () => {
  const driven = drivenClient();
  const http = new ApolloLink(() => of({ data: { none: "from http" } }));
  const apollo = new ApolloClient({
    link: ApolloLink.from([createLiveLink(driven.client), http]),
    cache: new InMemoryCache(),
  });
  expect((await apollo.query({ query: gql("{ none }") })).data).toEqual({ none: "from http" });
  for (const variables of [
    { b: 2, a: 1 },
    { a: 1, b: 2 },
  ]) {
    apollo
      .subscribe({ query: gql(TICKS), variables })
      .subscribe()
      .unsubscribe();
  }
  expect(driven.requests.map(({ stream }) => stream)).toEqual(['Ticks:{"a":1,"b":2}', 'Ticks:{"a":1,"b":2}']);
  expect(driven.ended()).toBe(2);
});

test("Apollo's observer learns the code of a stream that ended for good", async () => {
  const driven = drivenClient();
  const apollo = new ApolloClient({ link: createLiveLink(driven.client), cache: new InMemoryCache() });
  const errors: unknown[] = [];
  apollo.subscribe({ query: gql(TICKS) }).subscribe(({ error }) => void errors.push(error));
  (await driven.stream()).onEnd?.({ code: "FORBIDDEN", message: "No." });
  const [error] = errors;
  expect(CombinedGraphQLErrors.is(error) && error.errors).toEqual([
    { message: "No.", extensions: { code: "FORBIDDEN" } },
  ]);
});

function followWithUrql(client: LiveClient) {
  const urql = new Client({
    url: "http://unused.invalid/graphql",
    preferGetMethod: false,
    exchanges: [subscriptionExchange({ forwardSubscription: createLiveForwarder(client) })],
  });
  const seen: { readonly data: unknown; readonly error: CombinedError | undefined }[] = [];
  const { unsubscribe } = urql
    .subscription(TICKS, { b: 2, a: 1 })
    .subscribe(({ data, error }) => void seen.push({ data, error }));
  return { seen, unsubscribe };
}

test("urql does not carry the errors of one event into the next one", async () => {
  const driven = drivenClient();
  const { seen, unsubscribe } = followWithUrql(driven.client);
  const stream = await driven.stream();
  stream.next(event("a"), EVENT);
  stream.next({ ...event("b"), errors: [{ message: "partly" }] }, EVENT);
  stream.next(event("c"), EVENT);
  expect(seen.map(({ data, error }) => [data, error?.graphQLErrors.length ?? 0])).toEqual([
    [event("a").data, 0],
    [event("b").data, 1],
    [event("c").data, 0],
  ]);
  unsubscribe();
  expect(driven.ended()).toBe(1);
  expect(driven.requests.map(({ stream }) => stream)).toEqual(['Ticks:{"a":1,"b":2}']);
});

test("urql's subscriber learns the code of a stream that ended for good", async () => {
  const driven = drivenClient();
  const { seen } = followWithUrql(driven.client);
  (await driven.stream()).onEnd?.({ code: "FORBIDDEN", message: "No." });
  const [last] = seen;
  expect(last?.error?.graphQLErrors.map(({ extensions }) => extensions)).toEqual([{ code: "FORBIDDEN" }]);
  expect(last?.error?.networkError).toBeUndefined();
});

test("Apollo's link and urql's forwarder tell how many events were left out before one", async () => {
  const received: number[] = [];
  const onSkipped = (events: number): void => void received.push(events);
  const ofApollo = drivenClient();
  const link = createLiveLink(ofApollo.client, { onSkipped });
  const apollo = new ApolloClient({ link, cache: new InMemoryCache() });
  apollo.subscribe({ query: gql(TICKS) }).subscribe();
  (await ofApollo.stream()).next(event("a"), EVENT);
  (await ofApollo.stream()).next(event("b"), { ...EVENT, skipped: 2 });
  const ofUrql = drivenClient();
  const urql = new Client({
    url: "http://unused.invalid/graphql",
    preferGetMethod: false,
    exchanges: [subscriptionExchange({ forwardSubscription: createLiveForwarder(ofUrql.client, { onSkipped }) })],
  });
  const { unsubscribe } = urql.subscription(TICKS, {}).subscribe(() => {});
  (await ofUrql.stream()).next(event("c"), { ...EVENT, skipped: 3 });
  unsubscribe();
  expect(received).toEqual([2, 3]);
});
