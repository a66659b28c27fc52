// Each client library, with the live client behind it, against a gateway on the Postgres log and a network that breaks.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type CursorStore, createMemoryCursorStore } from "../../../web-client/src/graphql/cursor-store.ts";
import { createLiveClient } from "../../../web-client/src/graphql/live-client.ts";
import { createFaultProxy, type FaultProxy } from "../../support/fault-proxy.ts";
import { eventLogOfFile } from "../../support/services/event-log-of-file.ts";
import { waitFor } from "../../support/wait.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "../gateway/live/live-stack.ts";
import { FOLLOW } from "./followers.ts";

const events = eventLogOfFile();
let stack: LiveStack;
let proxy: FaultProxy;
/** Of the gateway that answers behind the proxy's port, which clients see unchanged. */
const target = { host: "127.0.0.1", port: 0 };
const leftovers: (() => void)[] = [];

beforeAll(async () => {
  await startGateway();
  proxy = await createFaultProxy({ target });
});

afterEach(() => {
  for (const end of leftovers.splice(0)) end();
});

afterAll(async () => {
  await proxy?.stop();
  await stack?.stop();
});

async function startGateway() {
  stack = await startLiveStack({ log: events.log });
  target.port = Number(new URL(stack.url).port);
}

const STREAM = "orders";

interface Options {
  readonly cursors?: CursorStore;
  readonly onEvent?: (sequence: string) => void;
  /** It knows its position already. */
  readonly resumes?: boolean;
}

function admit(shop: string) {
  stack.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
}

/** Follows a shop's orders through the proxy and keeps what arrived. */
async function follow(library: keyof typeof FOLLOW, shop: string, options: Options = {}) {
  admit(shop);
  const { cursors = createMemoryCursorStore(), onEvent = () => {}, resumes = false } = options;
  const live = createLiveClient({
    url: `ws://127.0.0.1:${proxy.port}/graphql`,
    token: async () => shop,
    cursors,
  });
  const sequences: string[] = [];
  const resyncs: string[] = [];
  const errors: unknown[] = [];
  let positions = 0;
  const stop = FOLLOW[library]({
    live,
    shop,
    stream: STREAM,
    onEvent(sequence) {
      onEvent(sequence);
      sequences.push(sequence);
    },
    onPosition() {
      positions += 1;
    },
    onResync: (reason) => void resyncs.push(reason),
    onError: (error) => void errors.push(error),
  });
  leftovers.push(() => live.dispose());
  if (!resumes) await waitFor(() => positions > 0, { what: "the first position" });
  const arrived = (count: number) => waitFor(() => sequences.length >= count, { what: `${count} events` });
  return { sequences, resyncs, errors, arrived, stop };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe.each(Object.keys(FOLLOW) as (keyof typeof FOLLOW)[])("%s", (library) => {
  const shopOf = (name: string) => `${library.replaceAll(" ", "-")}-${name}`;

  test("after a cut exactly the missed events arrive, in order and once, then live ones [EV-09]", async () => {
    const shop = shopOf("cut");
    const writer = eventWriter(events.log, shop);
    const { sequences, resyncs, errors, arrived } = await follow(library, shop);
    await writer.append(3);
    await arrived(3);
    await proxy.mode("reset");
    await writer.append(30);
    expect(sequences).toEqual(range(1, 3));
    await proxy.mode("pass");
    await arrived(33);
    await writer.append(2);
    await arrived(35);
    expect({ sequences, resyncs, errors }).toEqual({ sequences: range(1, 35), resyncs: [], errors: [] });
  });

  test("after a restart of the gateway exactly the missed events arrive, then live ones", async () => {
    const shop = shopOf("restart");
    const writer = eventWriter(events.log, shop);
    const { sequences, resyncs, errors, arrived } = await follow(library, shop);
    await writer.append(2);
    await arrived(2);
    await stack.stop();
    await writer.append(30);
    await startGateway();
    admit(shop);
    await arrived(32);
    await writer.append(1);
    await arrived(33);
    expect({ sequences, resyncs, errors }).toEqual({ sequences: range(1, 33), resyncs: [], errors: [] });
  });

  test("a cursor that cannot be resumed asks for the current state once, and the stream begins anew", async () => {
    const shop = shopOf("resync");
    const writer = eventWriter(events.log, shop);
    await writer.append(2);
    const cursors = createMemoryCursorStore();
    cursors.set(STREAM, "of another installation");
    const { sequences, resyncs, errors, arrived } = await follow(library, shop, { cursors });
    await writer.append(2);
    await arrived(2);
    expect({ sequences, resyncs, errors }).toEqual({ sequences: ["3", "4"], resyncs: ["FOREIGN_CURSOR"], errors: [] });
  });

  test("the cursor moves after the observers ran, and the next subscription continues behind it", async () => {
    const shop = shopOf("processed");
    const writer = eventWriter(events.log, shop);
    const cursors = createMemoryCursorStore();
    const before: (string | undefined)[] = [];
    const first = await follow(library, shop, { cursors, onEvent: () => void before.push(cursors.get(STREAM)) });
    const start = cursors.get(STREAM);
    await writer.append(1);
    await first.arrived(1);
    await waitFor(() => cursors.get(STREAM) !== start, { what: "the cursor of the event" });
    expect(before).toEqual([start]);
    first.stop();
    await writer.append(4);
    const later = await follow(library, shop, { cursors, resumes: true });
    await later.arrived(4);
    expect(later.sequences).toEqual(range(2, 5));
  });
});
