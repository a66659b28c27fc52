// Members of shops who follow their orders over a socket.

import type { LiveStack } from "./live-stack.ts";
import { viewer } from "./live-stack.ts";
import { connect, type Message, type SocketClient } from "./socket-client.ts";
import type { StackOfFile } from "./stack-of-file.ts";

export const QUERY = `subscription Orders($shop: ID, $after: String, $types: [String!]) {
  orderEvents(shop: $shop, after: $after, types: $types) {
    sequence eventId type actor { name }
    event { __typename ... on OrderPlaced { order { id state buyer { name } } price { minor parts { label } } } ... on OrderShipped { reason } }
  }
}`;

/** A socket of a member of the shop, known from then on. */
export async function openMember({ stack }: StackOfFile<LiveStack>, shop: string): Promise<SocketClient> {
  const token = `member of ${shop}`;
  stack.viewers.set(token, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(stack.url);
  await client.init(token);
  return client;
}

export const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

export const sequencesOf = (frames: readonly Message[]) =>
  frames.map(({ payload }) => payload.data?.orderEvents.sequence);
