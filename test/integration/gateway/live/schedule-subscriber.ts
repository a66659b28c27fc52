// A subscriber of the random schedules. It goes away and comes back as the schedule says, and resumes behind the last
// event that it processed. It records what it processed, to be compared with the events that were appended.
import { connect } from "./socket-client.ts";

/** What was followed without an interruption; begins anew where the gateway said that it cannot resume. */
export interface Segment {
  /**
   * Events of the key that anybody had begun to append when the gateway had named the start: no later one may be
   * missing.
   */
  startedBehind: number | undefined;
  readonly events: { readonly sequence: number; readonly cursor: string }[];
  /** Newest position, from events and pings. */
  cursor: string | undefined;
  startCursor: string | undefined;
}

export interface ScheduledSubscriber {
  readonly name: string;
  readonly stream: ScheduledStream;
  readonly segments: readonly Segment[];
  /** Reasons of RESYNC_REQUIRED, in order. */
  readonly resyncs: readonly string[];
  /** Anything that no gateway may answer here. */
  readonly problems: readonly string[];
  readonly attached: boolean;
  readonly attaches: number;
  comeBack(): void;
  /** Cuts the connection; the last `forgotten` events count as not processed. */
  leave(forgotten: number): void;
  /** Has everything up to the event with this number. */
  caughtUp(total: number): boolean;
  stop(): Promise<void>;
}

export interface ScheduledStream {
  readonly key: string;
  readonly field: string;
  /** Number of the last event that was given to the log. */
  appending(): number;
}

export interface SubscriberOptions {
  readonly name: string;
  readonly stream: ScheduledStream;
  readonly token: string;
  /** Address of the gateway that runs now. */
  readonly url: () => string;
}

const RETRY_MS = 30;
/** A log that is cut off answers so; whoever hears it tries again. */
const PASSING = new Set(["EVENT_LOG_UNAVAILABLE", "SERVICE_UNAVAILABLE"]);

export function createScheduledSubscriber({ name, stream, token, url }: SubscriberOptions): ScheduledSubscriber {
  const segments: Segment[] = [];
  const resyncs: string[] = [];
  const problems: string[] = [];
  let wanted = true;
  let stopped = false;
  let attached = false;
  let attaches = 0;
  let wake = Promise.withResolvers<void>();
  let cut: (() => void) | undefined;

  const begin = (): Segment => {
    const segment: Segment = { startedBehind: undefined, events: [], cursor: undefined, startCursor: undefined };
    segments.push(segment);
    return segment;
  };
  let segment = begin();

  // biome-ignore lint/suspicious/noExplicitAny: messages are read freely
  function take(message: any): boolean {
    const position = message.payload?.tributary?.cursors?.s;
    if (message.type === "ping" && position !== undefined) {
      attached = true;
      segment.startedBehind ??= stream.appending();
      segment.startCursor ??= position;
      segment.cursor = position;
    }
    if (message.id !== "s") return true;
    if (message.type === "next") {
      const cursor: string = message.payload.extensions.tributary.cursor;
      const sequence = Number(message.payload.data?.[stream.field]?.sequence);
      if (message.payload.errors !== undefined) problems.push(JSON.stringify(message.payload.errors));
      segment.events.push({ sequence, cursor });
      segment.cursor = cursor;
      return true;
    }
    const { code, reason } = message.payload?.[0]?.extensions ?? {};
    if (code === "RESYNC_REQUIRED") {
      resyncs.push(String(reason));
      segment = begin();
    } else if (!PASSING.has(code)) problems.push(`${message.type} ${code}: ${message.payload?.[0]?.message}`);
    return false;
  }

  async function follow(): Promise<void> {
    const client = await connect(url());
    if (!wanted) return client.socket.terminate();
    const over = Promise.withResolvers<void>();
    let here = true;
    const end = () => {
      here = false;
      client.socket.terminate();
      over.resolve();
    };
    cut = end;
    client.socket.once("close", end);
    client.socket.on("message", (data) => {
      // What arrives behind a cut was not processed.
      if (here && !take(JSON.parse(String(data)))) end();
    });
    try {
      if (client.socket.readyState !== client.socket.OPEN) return;
      await Promise.race([client.init(token), over.promise]);
      if (!here) return;
      const query = `subscription($key: ID) { ${stream.field}(shop: $key) { sequence event { ... on OrderPlaced { order { state } } } } }`;
      const { cursor } = segment;
      const extensions = cursor === undefined ? {} : { extensions: { tributary: { resume: cursor } } };
      attaches += 1;
      client.send({ id: "s", type: "subscribe", payload: { query, variables: { key: stream.key }, ...extensions } });
      await over.promise;
    } finally {
      attached = false;
      end();
    }
  }

  const running = (async () => {
    while (!stopped) {
      if (wanted) await follow().catch(() => undefined);
      if (wanted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      else await wake.promise;
    }
  })();

  return {
    name,
    stream,
    segments,
    resyncs,
    problems,
    get attached() {
      return attached;
    },
    get attaches() {
      return attaches;
    },
    comeBack() {
      wanted = true;
      wake.resolve();
    },
    leave(forgotten) {
      if (wanted) wake = Promise.withResolvers();
      wanted = false;
      cut?.();
      if (forgotten === 0 || segment.events.length === 0) return;
      segment.events.splice(-forgotten);
      segment.cursor = segment.events.at(-1)?.cursor ?? segment.startCursor;
    },
    caughtUp(total) {
      const last = segment.events.at(-1)?.sequence;
      return last === undefined ? (segment.startedBehind ?? -1) >= total : last === total;
    },
    async stop() {
      stopped = true;
      wanted = false;
      cut?.();
      wake.resolve();
      await running;
    },
  };
}
