import { parse } from "graphql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMemoryCursorStore } from "../../../web-client/src/graphql/cursor-store.ts";
import { createLiveClient, type LiveClient, type LiveHandlers } from "../../../web-client/src/graphql/live-client.ts";
import { asksForSnapshot } from "../../../web-client/src/graphql/snapshot-request.ts";
import { waitFor } from "../../support/wait.ts";
import { type LiveLogServer, startLiveLogServer, type Tick } from "./live-log-server.ts";

let server: LiveLogServer;
let client: LiveClient;
const cursors = createMemoryCursorStore();

beforeEach(async () => {
  server = await startLiveLogServer();
  client = createLiveClient({ url: server.url, token: async () => "token", cursors });
});

afterEach(async () => {
  client.dispose();
  await server.stop();
});

const SNAPSHOT = "subscription { ticks(snapshot: true) { eventId } }";

function follow(document: string, handlers: Partial<LiveHandlers<Tick>> = {}, continues?: boolean) {
  const ids: string[] = [];
  const skipped: number[] = [];
  const stop = client.subscribe<Tick, Record<string, never>>(
    { document, variables: {}, stream: "ticks", ...(continues === undefined ? {} : { continues }) },
    {
      next({ data }, delivery) {
        ids.push(data?.ticks.eventId ?? "none");
        skipped.push(delivery.skipped);
      },
      ...handlers,
    },
  );
  return { ids, skipped, stop };
}

const subscribed = (times: number) =>
  waitFor(() => server.resumes.length >= times, { what: `${times} subscribe messages` });
const served = (streams = 1) => waitFor(() => server.streams() === streams, { what: `${streams} served streams` });

test("how many events were left out is told with the event behind them", async () => {
  const { ids, skipped } = follow("subscription { ticks { eventId } }");
  await served();
  server.append("a");
  await waitFor(() => ids.length === 1, { what: "the first event" });
  server.skipBeforeNext(4);
  server.append("b", "c");
  await waitFor(() => ids.length === 3, { what: "three events" });
  expect(skipped).toEqual([0, 4, 0]);
});

test("a follower that asks for a snapshot begins without a stored cursor, resumes after a drop, and continues only when told to", async () => {
  cursors.set("ticks", "0");
  const { ids, stop } = follow(SNAPSHOT);
  await served();
  server.append("a");
  await waitFor(() => ids.length === 1, { what: "the first event" });
  server.cut();
  await subscribed(2);
  stop();
  await served(0);
  follow(SNAPSHOT, {}, true);
  await subscribed(3);
  expect(server.resumes).toEqual([undefined, "1", "1"]);
});

test("a stream with a snapshot asks nobody to fetch: not at its position, and after a refused resume it begins anew by itself", async () => {
  const positions: true[] = [];
  const { ids } = follow(SNAPSHOT, { onPosition: () => void positions.push(true) });
  await served();
  server.ping("0");
  server.append("a");
  await waitFor(() => ids.length === 1, { what: "the first event" });
  server.refuseNext("RESYNC_REQUIRED", { reason: "RETENTION" });
  server.cut();
  await subscribed(3);
  server.append("b");
  await waitFor(() => ids.includes("b"), { what: "an event of the new stream" });
  expect(server.resumes.slice(0, 3)).toEqual([undefined, "1", undefined]);
  expect(positions).toEqual([]);
});

test.each([
  ["{ ticks(snapshot: true) { id } }", {}, true],
  ["{ ticks(snapshot: false) { id } }", {}, false],
  ["{ ticks { snapshot(snapshot: true) } }", {}, false],
  ["($s: Boolean) { ticks(snapshot: $s) { id } }", { s: true }, true],
  ["($s: Boolean) { ticks(snapshot: $s) { id } }", {}, false],
  ["($s: Boolean = true) { ticks(snapshot: $s) { id } }", {}, true],
  ["($s: Boolean = true) { ticks(snapshot: $s) { id } }", { s: false }, false],
  ["{ ...F } fragment F on Subscription { ... on Subscription { ticks(snapshot: true) { id } } }", {}, true],
])("%s with %o: a snapshot is asked for is %s", (text, variables, expected) => {
  expect(asksForSnapshot(parse(`subscription ${text}`), variables)).toBe(expected);
});
