// A stopping gateway answers what is under way and waits for nobody who asked nothing.
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { withDeadline } from "../../../platform/deadline.ts";
import { waitFor } from "../../support/wait.ts";
import { startInventedGraph } from "./invented-graph.ts";
import { startStandalone, USUAL_NOTICE_MS } from "./standalone-gateway.ts";

/** Far below the minute after which Node gives up on a connection that sends nothing. */
const SOON_MS = 10_000;

async function openConnection(url: string): Promise<{ readonly socket: Socket; readonly gone: Promise<void> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, gone };
}

test("connections that were opened ahead of requests, or sent half of one, do not hold a stop", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, { DRAIN_NOTICE_MS: USUAL_NOTICE_MS });
  const ahead = await openConnection(gateway.url);
  const half = await openConnection(gateway.url);
  half.socket.write("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
  const used = await openConnection(gateway.url);
  let answered = "";
  used.socket.on("data", (data) => {
    answered += String(data);
  });
  used.socket.write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
  await waitFor(() => answered.includes("HTTP/1.1 200"), { what: "an answer" });

  await withDeadline(gateway.lifecycle.stop(), SOON_MS, "the stop waits");
  await Promise.all([ahead, half, used].map(({ gone }) => withDeadline(gone, SOON_MS, "a connection is open")));
});

test("a request under way is answered before its connection is closed", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, {
    SUBGRAPH_TIMEOUT_MS: 600,
    DRAIN_NOTICE_MS: USUAL_NOTICE_MS,
  });
  graph.products.behaviour = "hang";
  const countBefore = graph.products.requests.length;
  const answer = gateway.post({ query: "{ topProducts { upc } }" });
  await waitFor(() => graph.products.requests.length > countBefore, { what: "the request at the subgraph" });
  const ahead = await openConnection(gateway.url);
  await withDeadline(gateway.lifecycle.stop(), SOON_MS, "the stop waits");
  expect((await answer).body.errors?.[0]?.extensions).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  await ahead.gone;
});
