// The usual way: graphql-ws `useServer`, and graphql-js executing the operation anew for each subscriber and event. It
// has the whole graph in one schema and its data at hand, without federation, log or cursors. That is kinder to it than
// real life.
import type { AddressInfo } from "node:net";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { z } from "zod";
import type { MeasuredServer } from "./measured-server.ts";

const TYPES = `
  scalar DateTime
  scalar BigInt
  type Query { orders: [Order!]! }
  type User { id: ID! name: String! nickname: String }
  type Order { id: ID! state: String! buyer: User }
  type Subscription { orderEvents(shop: ID): OrderMessage! }
  type OrderMessage { sequence: BigInt! occurredAt: DateTime! eventId: ID! type: String! actor: User event: OrderEvent! }
  union OrderEvent = OrderPlaced | OrderShipped
  type OrderPlaced { order: Order! color: String price: Price! }
  type OrderShipped { order: Order! reason: String }
  type Price { minor: BigInt! parts: [Part!]! }
  type Part { label: String! }
`;

const eventSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  sequence: z.string(),
  actorid: z.string(),
  data: z.looseObject({ orderId: z.string() }),
});
type Event = z.infer<typeof eventSchema>;

export async function startStockServer(): Promise<MeasuredServer> {
  const queues = new Set<EventQueue>();
  const person = (id: string) => ({ id, name: `name of ${id}`, nickname: null });
  const order = (id: string) => ({ id, state: "OPEN", buyer: { id: `buyer-of-${id}` } });
  const schema = buildSubgraphSchema({
    typeDefs: parse(TYPES),
    resolvers: {
      Subscription: {
        orderEvents: { subscribe: () => new EventQueue(queues), resolve: (event: Event) => event },
      },
      OrderMessage: {
        occurredAt: ({ time }: Event) => time,
        eventId: ({ id }: Event) => id,
        actor: async ({ actorid }: Event) => person(actorid),
        event: ({ type, data }: Event) => ({
          __typename: type.includes("placed") ? "OrderPlaced" : "OrderShipped",
          ...data,
        }),
      },
      OrderPlaced: { order: async ({ orderId }: { orderId: string }) => order(orderId) },
      OrderShipped: { order: async ({ orderId }: { orderId: string }) => order(orderId) },
      Order: { buyer: async ({ buyer }: { buyer: { id: string } }) => person(buyer.id) },
    },
  });
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  // biome-ignore lint/correctness/useHookAtTopLevel: not a hook of React, whatever its name
  useServer({ schema }, server);
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    figures: () => ({ subscribers: queues.size, fetches: 0 }),
    perform(task) {
      if (task.ask !== "publish") return;
      const event = eventSchema.parse(JSON.parse(task.text));
      for (const queue of queues) queue.push(event);
    },
    async stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** What a publish-subscribe library hands to each subscriber: events wait in it for the one who asks. */
class EventQueue implements AsyncIterableIterator<Event> {
  readonly #all: Set<EventQueue>;
  readonly #events: Event[] = [];
  readonly #asking: ((result: IteratorResult<Event, undefined>) => void)[] = [];

  constructor(all: Set<EventQueue>) {
    this.#all = all.add(this);
  }

  push(event: Event): void {
    const asked = this.#asking.shift();
    if (asked === undefined) this.#events.push(event);
    else asked({ done: false, value: event });
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#all.delete(this);
    for (const asked of this.#asking.splice(0)) asked({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
