// One event after the other to many subscribers of one server: what arrives, when, and what that costs the server.
import { randomUUID } from "node:crypto";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { eventWriter } from "../../integration/gateway/live/live-stack.ts";
import { waitFor } from "../../support/wait.ts";
import { createDurations, type Durations } from "../durations.ts";
import { type ServerKind, type ServerProcess, startServerProcess } from "./measured-server.ts";
import { operationText } from "./operation.ts";
import { createReceipts, type Receipts, sumOf } from "./receipts.ts";
import { openStreams, type Stream, type StreamRequest } from "./stream-client.ts";

export interface FanOutWorld {
  readonly log: EventLog;
  readonly eventsUrl: string;
  readonly profile: string | undefined;
}

export interface FanOutLoad {
  readonly kind: ServerKind;
  readonly subscribers: number;
  readonly events: number;
  /** Different ones, spread evenly. */
  readonly operations?: number;
  /** Enriched for all at once (default), or for each session. */
  readonly scope?: "ORGANIZATION" | "VIEWER";
  /** What the bare server sends. */
  readonly template?: string;
}

export interface FanOutResult {
  readonly name: string;
  readonly expected: number;
  readonly delivered: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  readonly latency: Durations;
  readonly cpuPerFrameUs: number;
  readonly fetchesPerEvent: number;
  readonly rssPerSubscription: number;
  readonly problems: readonly string[];
  /** A whole message as it came. */
  readonly template: string;
}

const EVENT_DEADLINE_MS = 15_000;
/** Between two events at least: latencies shall not be those of a queue. */
const PAUSE_MS = 10;

export async function measureFanOut(world: FanOutWorld, load: FanOutLoad): Promise<FanOutResult> {
  const server = await startServerProcess(load.kind, { eventsUrl: world.eventsUrl, profile: world.profile });
  try {
    return await measure(world, load, server);
  } finally {
    await server.stop();
  }
}

let shops = 0;

async function measure({ log }: FanOutWorld, load: FanOutLoad, server: ServerProcess): Promise<FanOutResult> {
  const { kind, subscribers, events, operations = 1, scope = "ORGANIZATION" } = load;
  shops += 1;
  const shop = `fan-out-${shops}`;
  if (kind === "live") await server.perform({ ask: "admit", viewers: subscribers, shops: [shop], scope });
  const before = await server.figures(true);

  let latency = createDurations();
  let receipts: Receipts[] = [];
  let published = 0;
  let arrived = 0;
  let template = "";
  const forget = () => {
    latency = createDurations();
    receipts = Array.from({ length: subscribers }, createReceipts);
  };
  forget();
  const requests = receipts.map((_, index): StreamRequest => {
    const operation = { query: operationText(index % operations), variables: { shop } };
    return {
      url: server.url,
      announced: kind === "live",
      ...(kind === "bare" ? {} : { operation }),
      ...(kind === "live" ? { token: `viewer-${index}` } : {}),
      onFrame(sequence, text) {
        arrived += 1;
        receipts[index]?.note(sequence);
        latency.record(performance.now() - published);
        if (template === "") template = text;
      },
    };
  });
  const streams: Stream[] = await openStreams(requests);
  try {
    if (kind !== "live") {
      const all = async () => (await server.figures()).subscribers === subscribers;
      await waitFor(all, { what: "every subscriber", deadlineMs: 30_000 });
    }
    const opened = await server.figures(true);
    const writer = eventWriter(log, shop);
    const publish = publisher(load, server, writer);

    async function run(count: number): Promise<void> {
      for (let index = 0; index < count; index += 1) {
        arrived = 0;
        published = performance.now();
        await publish();
        const all = () => arrived >= subscribers;
        await waitFor(all, { what: "an event", deadlineMs: EVENT_DEADLINE_MS, intervalMs: PAUSE_MS }).catch(
          () => false,
        );
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    // Compilers do their work before the measurement, as in a server that has run for a while.
    await run(Math.max(5, Math.ceil(events / 4)));
    forget();
    const from = await server.figures();
    await run(events);
    const to = await server.figures();
    const sum = sumOf(receipts);
    return {
      name: nameOf(load),
      ...sum,
      expected: subscribers * events,
      latency,
      cpuPerFrameUs: ((to.cpuMs - from.cpuMs) * 1_000) / sum.delivered,
      fetchesPerEvent: (to.fetches - from.fetches) / events,
      rssPerSubscription: (opened.rss - before.rss) / subscribers,
      problems: streams.flatMap(({ problems }) => problems),
      template,
    };
  } finally {
    for (const stream of streams) stream.drop();
  }
}

function publisher({ kind, template = "" }: FanOutLoad, server: ServerProcess, writer: ReturnType<typeof eventWriter>) {
  let sequence = 0;
  return async (): Promise<void> => {
    sequence += 1;
    if (kind === "live") await writer.append(1);
    else if (kind === "bare") {
      const text = template.replace(/"sequence":"\d+"/, `"sequence":"${sequence}"`);
      await server.perform({ ask: "publish", text });
    } else await server.perform({ ask: "publish", text: envelopeText(sequence) });
  };
}

/** The event that the log would carry. */
function envelopeText(sequence: number): string {
  return JSON.stringify({
    id: randomUUID(),
    type: "orders.order.placed.v1",
    time: new Date().toISOString(),
    sequence: String(sequence),
    actorid: "actor-1",
    data: { orderId: `order-${sequence}`, price: { minor: "100", parts: [{ label: "a" }] } },
  });
}

function nameOf({ kind, subscribers, operations = 1, scope }: FanOutLoad): string {
  const what = [operations > 1 ? `${operations} operations` : "", scope === "VIEWER" ? "per session" : ""];
  return [`${kind} ${subscribers}`, ...what.filter((text) => text !== "")].join(", ");
}
