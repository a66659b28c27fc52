// Members of shops who follow their orders over an HTTP stream.
import { waitFor } from "../../../support/wait.ts";
import { viewer } from "./live-stack.ts";
import type { StackOfFile } from "./stack-of-file.ts";
import { type ReadOptions, read, type StreamReader, type StreamStack } from "./stream-stack.ts";

export const QUERY = `subscription Orders($shop: ID!, $after: String, $types: [String!]) {
  orderEvents(shop: $shop, after: $after, types: $types) { sequence type }
}`;

export interface OrderStreams {
  /** @returns the token of a member, known from then on */
  member(shop: string): string;
  /** Opens a stream and waits until it says where it starts. */
  follow(shop: string, options?: Partial<ReadOptions>, on?: StreamStack): Promise<StreamReader>;
}

export function orderStreams(world: StackOfFile<StreamStack>, defaults: Partial<ReadOptions> = {}): OrderStreams {
  function member(shop: string): string {
    const token = `member-of-${shop}`;
    world.stack.live.viewers.set(token, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
    return token;
  }

  async function follow(shop: string, options: Partial<ReadOptions> = {}, on: StreamStack = world.stack) {
    const token = member(shop);
    const reader = await read(on.url, { query: QUERY, variables: { shop }, token, ...defaults, ...options });
    await waitFor(() => reader.lastId !== undefined || reader.ended, { what: "the start of the stream" });
    return reader;
  }

  return { member, follow };
}
