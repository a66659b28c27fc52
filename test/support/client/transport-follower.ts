// A subscription of the platform over whichever transport, as far as counting its events and its end go.
import { openEventStream } from "./event-stream-client.ts";
import { createLiveClient, describe as describeEnd } from "./live-client.ts";

/** Where gateways are asked. */
interface StreamAddress {
  readonly url: string;
  /** e.g. ws://127.0.0.1:4000/graphql */
  readonly socketUrl: string;
}

/** One subscription, over whichever transport. */
export interface Follower {
  count(): number;
  /** What its events are called, in order of arrival; the query asks for `eventId`. */
  eventIds(): string[];
  /** Why it ended; `undefined` while it goes on. */
  end(): string | undefined;
  close(): void | Promise<void>;
}

/** By the live field. */
type Answer = Readonly<Record<string, { readonly eventId: string }>>;

function eventIdsOf({ data }: { readonly data?: Answer | null | undefined }): string[] {
  return Object.values(data ?? {}).map(({ eventId }) => eventId);
}

export const TRANSPORTS = {
  WebSocket: async ({ socketUrl }: StreamAddress, token: string, query: string, org: string): Promise<Follower> => {
    const live = createLiveClient({ url: socketUrl, token });
    const stream = await live.subscribe<Answer>(query, { org });
    return {
      count: () => stream.messages.length,
      eventIds: () => stream.messages.flatMap(eventIdsOf),
      end: () => (stream.ended === undefined ? undefined : describeEnd(stream.ended.error)),
      close: () => live.close(),
    };
  },
  SSE: async ({ url: address }: StreamAddress, token: string, query: string, org: string): Promise<Follower> => {
    const url = `${address}/graphql`;
    const stream = await openEventStream<Answer>({ url, token, query, variables: { org } });
    const refused = () => stream.answers.find(({ errors }) => errors !== undefined);
    return {
      count: () => stream.answers.length - (refused() === undefined ? 0 : 1),
      eventIds: () => stream.answers.flatMap(eventIdsOf),
      end: () => (stream.ended ? JSON.stringify(refused()?.errors ?? "no reason") : undefined),
      close: () => stream.drop(),
    };
  },
};
export const TRANSPORT_NAMES = ["WebSocket", "SSE"] as const;
export type TransportName = (typeof TRANSPORT_NAMES)[number];
