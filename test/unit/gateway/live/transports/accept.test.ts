import { expect, test } from "vitest";
import { requestedStream } from "../../../../../gateway/live/transports/accept.ts";

test.each([
  [undefined, undefined],
  ["*/*", undefined],
  ["application/json", undefined],
  ["text/html, application/json;q=0.9", undefined],
  ["multipart/mixed;deferSpec=20220824, application/json", undefined],
  ["text/event-stream;q=0", undefined],
  ["text/event-stream", { format: "sse", json: false }],
  ["TEXT/Event-Stream; charset=utf-8", { format: "sse", json: false }],
  ["text/event-stream, multipart/mixed", { format: "sse", json: false }],
  ["application/graphql-response+json, application/json, text/event-stream", { format: "sse", json: true }],
  ['multipart/mixed;subscriptionSpec="1.0", application/json', { format: "multipart", json: true }],
  [
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9",
    { format: "multipart", json: true },
  ],
  ["multipart/mixed;subscriptionSpec=2.0, application/json", undefined],
  ["text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0", { format: "multipart", json: false }],
])("Accept %j means %j", (accept, wish) => {
  expect(requestedStream(accept)).toEqual(wish);
});
