import { afterEach, beforeEach, expect, test } from "vitest";
import { createMemoryCursorStore } from "../../../web-client/src/graphql/cursor-store.ts";
import { createLiveClient, type LiveClient, type LiveHandlers } from "../../../web-client/src/graphql/live-client.ts";
import { waitFor } from "../../support/wait.ts";
import { type LiveLogServer, startLiveLogServer, TICKS, type Tick } from "./live-log-server.ts";

let server: LiveLogServer;
let clients: LiveClient[];

beforeEach(async () => {
  server = await startLiveLogServer();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.dispose();
  await server.stop();
});

function connect(options: Partial<Parameters<typeof createLiveClient>[0]> = {}): LiveClient {
  const client = createLiveClient({ url: server.url, token: async () => "token", ...options });
  clients.push(client);
  return client;
}

/** Follows the ticks and collects their ids. */
function follow(client: LiveClient, handlers: Partial<LiveHandlers<Tick>> = {}) {
  const ids: string[] = [];
  const stop = client.subscribe(
    { document: TICKS, variables: { organizationId: "org_1" }, stream: "ticks" },
    { next: ({ data }) => void ids.push(data?.ticks.eventId ?? "none"), ...handlers },
  );
  return { ids, stop };
}

const served = (streams = 1) => waitFor(() => server.streams() === streams, { what: `${streams} served streams` });
const arrived = (ids: readonly string[], last: string) =>
  waitFor(() => ids.includes(last), { what: `the event ${last}` });
const subscribed = (times: number) =>
  waitFor(() => server.resumes.length >= times, { what: `${times} subscribe messages` });

test("after a drop a stream resumes behind the last event and loses none", async () => {
  const { ids } = follow(connect());
  await served();
  server.append("a", "b");
  await arrived(ids, "b");
  server.cut();
  server.append("c", "d");
  await arrived(ids, "d");
  expect(ids).toEqual(["a", "b", "c", "d"]);
  expect(server.resumes).toEqual([undefined, "2"]);
});

test("an event that arrives twice is processed once", async () => {
  const { ids } = follow(connect());
  await served();
  server.append("a", "b");
  await arrived(ids, "b");
  server.repeatOnResume(2);
  server.cut();
  server.append("c");
  await arrived(ids, "c");
  expect(ids).toEqual(["a", "b", "c"]);
});

test("an event whose handler failed is delivered again", async () => {
  let failures = 1;
  const ids: string[] = [];
  follow(connect(), {
    next({ data }) {
      if (data?.ticks.eventId === "b" && failures > 0) {
        failures -= 1;
        throw new Error("not processed");
      }
      ids.push(data?.ticks.eventId ?? "none");
    },
  });
  await served();
  server.append("a", "b", "c");
  await arrived(ids, "c");
  expect(ids).toEqual(["a", "b", "c"]);
});

test("a ping moves the cursor of a quiet stream and tells its first position", async () => {
  let positions = 0;
  const cursors = createMemoryCursorStore();
  follow(connect({ cursors }), {
    onPosition() {
      positions += 1;
    },
  });
  await served();
  server.ping("0");
  await waitFor(() => cursors.get("ticks") === "0", { what: "the cursor of the first ping" });
  server.ping("7");
  await waitFor(() => cursors.get("ticks") === "7", { what: "the cursor of the second ping" });
  expect(positions).toBe(1);
  server.cut();
  await subscribed(2);
  expect(server.resumes.at(-1)).toBe("7");
});

test("a stream that cannot be resumed asks for the current state and begins anew without a cursor", async () => {
  const reasons: string[] = [];
  const cursors = createMemoryCursorStore();
  cursors.set("ticks", "3");
  server.append("a", "b", "c", "d");
  server.refuseNext("RESYNC_REQUIRED", { reason: "RETENTION" });
  const { ids } = follow(connect({ cursors }), { onResync: (reason) => void reasons.push(reason) });
  await served();
  server.append("e");
  await arrived(ids, "e");
  expect(reasons).toEqual(["RETENTION"]);
  expect(server.resumes).toEqual(["3", undefined]);
  expect(ids).toEqual(["e"]);
});

test("a refused token is replaced before the next connection", async () => {
  const asked: boolean[] = [];
  const client = connect({
    token: async ({ refused }) => {
      asked.push(refused);
      return refused ? "fresh" : "old";
    },
  });
  const { ids } = follow(client);
  await served();
  server.append("a");
  await arrived(ids, "a");
  server.close(4403, "Token expired");
  server.append("b");
  await arrived(ids, "b");
  expect(asked).toEqual([false, true]);
  expect(server.tokens).toEqual(["Bearer old", "Bearer fresh"]);
});

test("a connection that no longer answers is replaced within the pong deadline", async () => {
  const { ids } = follow(connect({ keepAliveMs: 50, pongTimeoutMs: 100 }));
  await served();
  server.append("a");
  await arrived(ids, "a");
  server.freeze();
  await subscribed(2);
  server.append("b");
  await arrived(ids, "b");
  expect(ids).toEqual(["a", "b"]);
});

test("a server that is away for a while is found again, and the token is asked for anew each time", async () => {
  let reachable = false;
  const client = connect({
    token: async () => {
      if (!reachable) throw new Error("the gateway cannot be reached");
      return "token";
    },
  });
  const { ids } = follow(client);
  await waitFor(() => client.status() === "connecting", { what: "the first attempt" });
  reachable = true;
  await served();
  server.append("a");
  await arrived(ids, "a");
});

test.each(["FORBIDDEN", "CLOSED_BY_VIEWER"])(
  "a temporary failure of a stream is repeated, %s ends it",
  async (code) => {
    const ends: string[] = [];
    server.refuseNext("EVENT_LOG_UNAVAILABLE", { retryable: true });
    const first = follow(connect());
    await served();
    server.append("a");
    await arrived(first.ids, "a");
    server.refuseNext(code);
    follow(connect(), { onEnd: (problem) => void ends.push(problem.code) });
    await waitFor(() => ends.length > 0, { what: "the end of the stream" });
    expect(ends).toEqual([code]);
  },
);

test("the status says live, reconnecting, catching up and live again", async () => {
  const client = connect();
  const seen: string[] = [];
  client.onStatus((status) => void seen.push(status));
  const { ids } = follow(client);
  await served();
  server.append("a");
  await arrived(ids, "a");
  server.cut();
  server.append("b");
  await waitFor(() => seen.at(-1) === "live" && ids.includes("b"), { what: "live again" });
  expect(seen).toEqual(["connecting", "live", "reconnecting", "catching-up", "live"]);
});

test("an ended stream leaves the server and delivers nothing more", async () => {
  const { ids, stop } = follow(connect());
  await served();
  stop();
  await waitFor(() => server.streams() === 0, { what: "the end of the stream at the server" });
  server.append("a");
  expect(ids).toEqual([]);
});

test("two streams of one name do not skip what only the other one processed", async () => {
  let failures = 1;
  const cursors = createMemoryCursorStore();
  const client = connect({ cursors });
  const first = follow(client);
  const ids: string[] = [];
  follow(client, {
    next({ data }) {
      if (failures > 0) {
        failures -= 1;
        throw new Error("not processed");
      }
      ids.push(data?.ticks.eventId ?? "none");
    },
  });
  await served(2);
  server.ping("0");
  await waitFor(() => cursors.get("ticks") === "0", { what: "the first position" });
  server.append("a");
  await arrived(first.ids, "a");
  await arrived(ids, "a");
  server.append("b");
  await arrived(ids, "b");
  expect({ first: first.ids, second: ids }).toEqual({ first: ["a", "b"], second: ["a", "b"] });
});

test("a stream begins anew even when fetching the current state fails", async () => {
  const cursors = createMemoryCursorStore();
  cursors.set("ticks", "3");
  server.refuseNext("RESYNC_REQUIRED", { reason: "RETENTION" });
  const { ids } = follow(connect({ cursors }), {
    onResync() {
      throw new Error("the state cannot be fetched");
    },
  });
  await served();
  server.append("a");
  await arrived(ids, "a");
  expect(server.resumes).toEqual(["3", undefined]);
});

test("a document goes by its hash, and with its text from when the gateway asked for that", async () => {
  server.refuseNext("PERSISTED_QUERY_NOT_FOUND");
  const { ids } = follow(connect({ documentId: () => "hash" }));
  await served();
  server.append("a");
  await arrived(ids, "a");
  server.cut();
  server.append("b");
  await arrived(ids, "b");
  expect(ids).toEqual(["a", "b"]);
  const extensions = { persistedQuery: { version: 1, sha256Hash: "hash" } };
  expect(server.payloads.map(({ query }) => query !== "")).toEqual([false, true, true]);
  expect(server.payloads[0]).toMatchObject({ query: "", extensions });
  expect(server.payloads[2]).toMatchObject({ extensions: { ...extensions, tributary: { resume: "1" } } });
});

test("a document that the gateway does not let run ends its stream", async () => {
  server.refuseNext("PERSISTED_QUERY_NOT_IN_LIST");
  const ends: string[] = [];
  follow(connect({ documentId: () => "hash" }), { onEnd: ({ code }) => void ends.push(code) });
  await waitFor(() => ends.length > 0, { what: "the end of the stream" });
  expect(ends).toEqual(["PERSISTED_QUERY_NOT_IN_LIST"]);
});
