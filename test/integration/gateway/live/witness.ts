// A well-behaved subscriber beside the ill-behaved ones of a file: after each of its tests it must have got every
// event.
import { afterEach, beforeAll, expect } from "vitest";
import { eventWriter, type LiveStack, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { liveStackOfFile, type StackOfFile } from "./stack-of-file.ts";

/** Where all of them are members. */
export const SHOP = "hostile-1";
export const QUERY = `subscription { orderEvents(shop: "${SHOP}") { sequence } }`;

export const subscribe = (id: unknown, payload: unknown = { query: QUERY }) => ({ id, type: "subscribe", payload });

export interface WitnessedStack {
  readonly world: StackOfFile<LiveStack>;
  /** Another socket of a member. */
  open(): Promise<SocketClient>;
  /** Writes further events. @returns how many there are by then */
  append(count: number): Promise<number>;
}

export function witnessedStackOfFile(): WitnessedStack {
  const world = liveStackOfFile();
  let writer: ReturnType<typeof eventWriter>;
  let witness: SocketClient;

  async function open(): Promise<SocketClient> {
    const client = await connect(world.stack.url);
    await client.init("member");
    return client;
  }

  async function append(count: number): Promise<number> {
    await writer.append(count);
    return writer.sequence;
  }

  beforeAll(async () => {
    world.stack.viewers.set("member", viewer("user-1", { [SHOP]: ["orders.read"] }));
    writer = eventWriter(world.log, SHOP);
    witness = await open();
    await witness.subscribe("witness", QUERY);
  });

  afterEach(async () => {
    const written = await append(1);
    const frames = await witness.take("next", "witness", written);
    expect(frames.at(-1)?.payload.data.orderEvents.sequence).toBe(String(written));
  });

  return { world, open, append };
}
