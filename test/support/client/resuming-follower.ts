// A subscriber as a careful client is one: whenever its stream ends it comes back behind the last event it has, until
// it is told that it cannot. What it has seen is all it knows.
import { createLiveClient, describe, type LiveMessage, type LiveStream } from "./live-client.ts";

export interface ResumingFollower<Data> {
  /** Everything that arrived, over all streams, in order of arrival. */
  messages(): LiveMessage<Data>[];
  /** How often a stream began, the first one included. */
  readonly streams: number;
  /** Why it was told that it cannot go on; it has stopped then. */
  readonly resync: string | undefined;
  /** Cuts the connection as a network failure would. */
  drop(): void;
  stop(): Promise<void>;
}

export interface FollowOptions {
  /** Where to connect; asked at each attempt. */
  readonly url: string;
  readonly token: string;
  /** Takes the cursor as its variable `after`. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const RETRY_MS = 100;

/** Resolves when the first stream has begun. */
export async function followResuming<Data>(options: FollowOptions): Promise<ResumingFollower<Data>> {
  const { url, token, query, variables } = options;
  const streams: LiveStream<Data>[] = [];
  const begun = Promise.withResolvers<void>();
  const stopping = Promise.withResolvers<void>();
  let stopped = false;
  let cursor: string | undefined;
  let resync: string | undefined;
  let drop = () => {};

  async function followOnce(): Promise<void> {
    const live = createLiveClient({ url, token });
    drop = live.drop;
    try {
      const stream = await live.subscribe<Data>(query, { ...variables, after: cursor });
      streams.push(stream);
      if (stream.ended === undefined) begun.resolve();
      await Promise.race([stream.whenEnded, stopping.promise]);
      cursor = stream.cursor() ?? cursor;
      const problem = stream.ended?.error === undefined ? "" : describe(stream.ended.error);
      if (problem.includes("RESYNC_REQUIRED")) resync = problem;
    } catch {
      // Nobody answers yet.
    } finally {
      await live.close();
    }
  }

  const following = (async () => {
    while (!stopped && resync === undefined) {
      await followOnce();
      await Promise.race([stopping.promise, new Promise((resolve) => setTimeout(resolve, RETRY_MS))]);
    }
  })();
  await Promise.race([begun.promise, following]);
  return {
    messages: () => streams.flatMap((stream) => stream.messages),
    get streams() {
      return streams.length;
    },
    get resync() {
      return resync;
    },
    drop: () => drop(),
    async stop() {
      stopped = true;
      stopping.resolve();
      await following;
    },
  };
}
