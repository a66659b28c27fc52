// Numbers of events that a double would change reach subscribers as the event log holds them, on every transport.
import { expect, test } from "vitest";
import { LosslessNumber } from "../../../../gateway/transport/lossless-number.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter } from "./live-stack.ts";
import { orderStreams } from "./order-streams.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";

const world = streamStackOfFile();
const { member, follow } = orderStreams(world);

const QUERY = `subscription ($shop: ID!) { orderEvents(shop: $shop) { event { ... on OrderPlaced {
  order { id state } color price { minor parts { label } } } } } }`;
const NUMBERS = ["9007199254740993", "1.0", "-0", "0.1000000000000000055"];

const priced = (number: string) => ({
  price: { minor: new LosslessNumber(number), parts: [{ label: "a" }] },
  color: null,
});

test.each(["sse", "multipart"] as const)(
  "numbers of custom scalars keep their digits over %s [S23]",
  async (format) => {
    const shop = `lossless-${format}`;
    const writer = eventWriter(world.log, shop);
    const reader = await follow(shop, { query: QUERY, variables: { shop }, format });
    for (const number of NUMBERS) await writer.append(1, "orders.order.placed.v1", priced(number));
    await waitFor(() => reader.text.match(/"minor":/g)?.length === NUMBERS.length, { what: "the events" });
    expect(reader.text.match(/"minor":[^,}]+/g)).toEqual(NUMBERS.map((number) => `"minor":${number}`));
    reader.abort();
  },
);

test("numbers of custom scalars keep their digits over WebSocket [S23]", async () => {
  const shop = "lossless-ws";
  const writer = eventWriter(world.log, shop);
  const client = await connect(world.stack.live.url);
  await client.init(member(shop));
  const texts: string[] = [];
  client.socket.on("message", (data) => void texts.push(String(data)));
  await client.subscribe("live", QUERY, { variables: { shop } });
  await writer.append(1, "orders.order.placed.v1", priced("9007199254740993"));
  await waitFor(() => texts.some((text) => text.includes('"minor":9007199254740993')), { what: "the event" });
  client.close();
});
