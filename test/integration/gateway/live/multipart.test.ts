// Multipart subscriptions over real HTTP and the Postgres log: on the wire, and read by Apollo Client as it is.

import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter } from "./live-stack.ts";
import { orderStreams } from "./order-streams.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import type { StreamMessage } from "./stream-stack.ts";

const world = streamStackOfFile({ settings: { SSE_HEARTBEAT_MS: 100 } });

const QUERY =
  "subscription Orders($shop: ID!, $after: String) { orderEvents(shop: $shop, after: $after) { sequence } }";

const { member, follow } = orderStreams(world, { query: QUERY, format: "multipart" });

const sequencesOf = (messages: readonly StreamMessage[]) =>
  messages.map(({ data }) => data.payload.data.orderEvents.sequence);

test("parts carry payloads, heartbeats are empty objects, and each ends with a boundary", async () => {
  const reader = await follow("multi-1");
  expect(reader.response.headers.get("content-type")).toBe('multipart/mixed;boundary="graphql";subscriptionSpec="1.0"');
  await eventWriter(world.log, "multi-1").append(1);
  const [first] = await reader.take(1);
  expect(first?.data.payload).toMatchObject({ data: { orderEvents: { sequence: "1" } } });
  expect(first?.id).toBe(first?.data.payload.extensions.tributary.cursor);
  const seen = reader.messages.length;
  await waitFor(() => reader.messages.length > seen, { what: "a heartbeat" });
  expect(reader.messages.at(-1)?.data).toEqual({});
  expect(reader.text).toMatch(/^\r\n--graphql\r\ncontent-type: application\/json\r\n/);
  expect(reader.text).toMatch(/\r\n--graphql$/);
  reader.abort();
});

test("a reader who drops resumes behind its last cursor [EV-09]", async () => {
  const writer = eventWriter(world.log, "multi-2");
  const before = await follow("multi-2");
  await writer.append(2);
  await before.take(2);
  before.abort();
  await writer.append(30);
  const after = await follow("multi-2", { headers: { "last-event-id": before.lastId ?? "" } });
  expect(sequencesOf(await after.take(30))).toEqual(Array.from({ length: 30 }, (_, index) => String(index + 3)));
  after.abort();
});

test("what ends a stream is a transport error behind which the body is closed", async () => {
  const reader = await follow("multi-3");
  world.stack.live.viewers.delete("member-of-multi-3");
  world.stack.live.revoke({ userId: "user-multi-3" });
  const messages = await reader.whenEnded();
  expect(messages.at(-1)?.data).toMatchObject({
    payload: null,
    errors: [{ extensions: { code: "UNAUTHENTICATED", reason: "SESSION_ENDED" } }],
  });
  expect(reader.text).toMatch(/\r\n--graphql--\r\n$/);
});

test("a cursor of another stream is refused before any event", async () => {
  const foreign = await follow("multi-5");
  const refused = await follow("multi-4", { headers: { "last-event-id": foreign.lastId ?? "" } });
  const messages = await refused.whenEnded();
  expect(messages.at(-1)?.data.payload.errors[0].extensions).toMatchObject({
    code: "RESYNC_REQUIRED",
    reason: "FOREIGN_CURSOR",
  });
  foreign.abort();
});

test("Apollo Client follows a subscription, is told why it ends, and gets queries as JSON", async () => {
  const token = member("multi-6");
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: new HttpLink({ uri: world.stack.url, headers: { authorization: `Bearer ${token}` } }),
  });
  const { data } = await client.query<{ __typename: string }>({ query: gql("{ __typename }") });
  expect(data).toEqual({ __typename: "Query" });
  await waitFor(() => world.stack.counts().subscriptions === 0, { what: "a quiet live room" });
  const seen: string[] = [];
  const failures: unknown[] = [];
  const following = client
    .subscribe<{ orderEvents: { sequence: string } }>({ query: gql(QUERY), variables: { shop: "multi-6" } })
    .subscribe(({ data: frame, error }) => {
      if (frame?.orderEvents !== undefined) seen.push(frame.orderEvents.sequence);
      if (error !== undefined) failures.push(error);
    });
  await waitFor(() => world.stack.counts().subscriptions > 0, { what: "the subscription" });
  await eventWriter(world.log, "multi-6").append(3);
  await waitFor(() => seen.length === 3, { what: "three events" });
  expect(seen).toEqual(["1", "2", "3"]);
  world.stack.live.viewers.delete(token);
  world.stack.live.revoke({ userId: "user-multi-6" });
  await waitFor(() => failures.length > 0, { what: "the reason of the end" });
  expect(failures[0]).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  following.unsubscribe();
});
