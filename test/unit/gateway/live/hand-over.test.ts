// Exactly once and in order at the subscriber, over random schedules of appending, tailing, dropping and resuming.
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createSharedStream, type SharedStream } from "../../../../gateway/live/delivery/shared-stream.ts";
import { createSubscriber, type Subscriber } from "../../../../gateway/live/delivery/subscriber.ts";
import { createCatchUpTurns } from "../../../../gateway/live/log/catch-up-turns.ts";
import { createCursorCodec } from "../../../../gateway/live/log/cursor.ts";
import { startingPoint } from "../../../../gateway/live/log/resume.ts";
import { resyncRequired } from "../../../../gateway/live/log/resync.ts";
import { openTopicTail, type TopicTail } from "../../../../gateway/live/log/tail.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { waitFor } from "../../../support/wait.ts";
import { createMemoryLog, envelopeText, type MemoryLog } from "./memory-log.ts";

const TOPIC = "orders.events";
const KEYS = ["k0", "k1"];
const cursors = createCursorCodec("a secret that is long enough for tests");
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** One client: every connection it ever had, and what arrived on all of them. */
interface Client {
  readonly key: string;
  readonly received: number[];
  error: AppError | undefined;
  cursor: string | undefined;
  subscriber: Subscriber | undefined;
  /** Last sequence of the key when it first subscribed. */
  start: number;
}

async function openRoom(log: MemoryLog, ringEvents: number, renderTicks: () => number) {
  const streams = new Map<string, SharedStream>();
  const turns = createCatchUpTurns({ share: 0 });
  /** What the tail announced: the gateway's caches have seen these events, and only these may be shown. */
  const announced = new Set<bigint>();
  const shownEarly: bigint[] = [];
  const tail: TopicTail = await openTopicTail({
    log,
    topic: TOPIC,
    ring: { events: ringEvents, bytes: 100_000 },
    logger: pino({ level: "silent" }),
    async beforeEvents(events) {
      for (const { offset } of events) announced.add(offset);
    },
    onEvent: (event) => streams.get(event.key)?.wake(event),
    onLost(reason, concerns) {
      for (const [key, stream] of streams) if (concerns(key)) stream.fail(resyncRequired(reason));
    },
  });

  async function connect(client: Client): Promise<void> {
    const start = await startingPoint(tail, client.key, client.cursor, cursors);
    let stream = streams.get(client.key);
    if (stream === undefined) {
      stream = createSharedStream({
        reader: start.reader,
        onDelivering: turns.giveWayTo,
        async render(event) {
          if (!announced.has(event.offset)) shownEarly.push(event.offset);
          for (let left = renderTicks(); left > 0; left -= 1) await tick();
          // Every third event is filtered out.
          return (event.sequence ?? 0n) % 3n === 0n ? null : `${event.sequence} ${event.offset + 1n}`;
        },
      });
      streams.set(client.key, stream);
    }
    const cursorAt = (next: bigint, sequence: bigint | null) =>
      cursors.encode({ topic: TOPIC, epoch: tail.epoch, partition: start.partition, key: client.key, next, sequence });
    const subscriber = createSubscriber({
      inTurn: (part) => turns.take(client.key, part),
      stream,
      start,
      denial: () => undefined,
      sink: {
        next(frame) {
          const [sequence = "", next = ""] = frame.split(" ");
          client.received.push(Number(sequence));
          client.cursor = cursorAt(BigInt(next), BigInt(sequence));
        },
        writable: () => undefined,
        fail(error) {
          client.error = error;
        },
      },
      onEnd(occupied) {
        if (!occupied && streams.get(client.key) === stream) streams.delete(client.key);
      },
    });
    client.subscriber = subscriber;
    const { next, sequence } = subscriber.position();
    client.cursor = cursorAt(next, sequence);
    subscriber.start();
  }

  function drop(client: Client, withPing: boolean): void {
    if (client.subscriber === undefined) return;
    if (withPing) {
      const { next, sequence } = client.subscriber.position();
      client.cursor = cursors.encode({
        topic: TOPIC,
        epoch: tail.epoch,
        partition: 0,
        key: client.key,
        next,
        sequence,
      });
    }
    client.subscriber.stop();
    client.subscriber = undefined;
  }
  return { connect, drop, shownEarly, stop: () => tail.stop() };
}

const steps = [
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("append" as const), key: fc.nat(1), count: fc.integer({ min: 1, max: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("again" as const), key: fc.nat(1), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("tail" as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("toggle" as const), client: fc.nat(3), ping: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tick" as const), count: fc.integer({ min: 1, max: 5 }) }) },
] as const;
const trim = { weight: 1, arbitrary: fc.record({ do: fc.constant("trim" as const), kept: fc.nat(20) }) };
const action = fc.oneof(...steps);
const actionOrTrim = fc.oneof(...steps, trim);
type Action = typeof actionOrTrim extends fc.Arbitrary<infer Value> ? Value : never;

interface Schedule {
  readonly actions: readonly Action[];
  readonly ringEvents: number;
  readonly renderTicks: () => number;
}

/** Plays a schedule to its end; `check` is given each client once it has everything due, or has ended. */
async function play(
  { actions, ringEvents, renderTicks }: Schedule,
  check: (client: Client, own: number[], expected: number[]) => void,
): Promise<void> {
  const log = createMemoryLog(TOPIC);
  const room = await openRoom(log, ringEvents, renderTicks);
  const counts = [0, 0];
  const clients = KEYS.flatMap((key) =>
    [0, 1].map(
      (): Client => ({ key, received: [], error: undefined, cursor: undefined, subscriber: undefined, start: 0 }),
    ),
  );
  const append = async (index: number, from: number, to: number) => {
    const key = KEYS[index] ?? "";
    const values = Array.from({ length: Math.max(0, to - from + 1) }, (_, step) => envelopeText(key, from + step));
    await log.append(
      TOPIC,
      values.map((value) => ({ key, value })),
    );
  };
  const connect = async (client: Client) => {
    if (client.cursor === undefined) client.start = counts[KEYS.indexOf(client.key)] ?? 0;
    try {
      await room.connect(client);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      client.error = error;
    }
  };
  for (const step of actions) {
    if (step.do === "append") {
      const count = counts[step.key] ?? 0;
      counts[step.key] = count + step.count;
      await append(step.key, count + 1, count + step.count);
    } else if (step.do === "again") {
      // The relay crashed after appending: its last batch is stored once more.
      const count = counts[step.key] ?? 0;
      await append(step.key, Math.max(1, count - step.count + 1), count);
    } else if (step.do === "tail") await log.advance(step.count);
    else if (step.do === "tick") for (let left = step.count; left > 0; left -= 1) await tick();
    else if (step.do === "trim") {
      const [range] = await log.ranges(TOPIC);
      const low = (range?.high ?? 0n) - BigInt(step.kept);
      if (range !== undefined && low > range.low) log.purge(low);
    } else {
      const client = clients[step.client];
      if (client === undefined || client.error !== undefined) continue;
      if (client.subscriber === undefined) await connect(client);
      else room.drop(client, step.ping);
    }
  }
  for (const client of clients) {
    if (client.subscriber === undefined && client.error === undefined) await connect(client);
  }
  await log.advance();
  for (const client of clients) {
    const last = counts[KEYS.indexOf(client.key)] ?? 0;
    const due = Array.from({ length: last - client.start }, (_, index) => client.start + 1 + index);
    // A copy of an event older than the subscription itself is no event of the subscription's.
    const own = () => client.received.filter((sequence) => sequence > client.start);
    const expected = due.filter((sequence) => sequence % 3 !== 0);
    await waitFor(() => own().length >= expected.length || client.error !== undefined, {
      what: `${expected} at a client; has ${client.received}`,
      intervalMs: 1,
    });
    await tick();
    check(client, own(), expected);
  }
  for (const client of clients) room.drop(client, false);
  await room.stop();
  expect(room.shownEarly).toEqual([]);
}

test("whatever is appended, dropped and resumed in whatever order, each subscriber gets each event once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.nat(3)),
      (actions, ringEvents, ticks) =>
        play({ actions, ringEvents, renderTicks: () => ticks.next().value ?? 0 }, (client, own, expected) => {
          expect(client.error).toBeUndefined();
          expect(own).toEqual(expected);
        }),
    ),
    { numRuns: 150 },
  );
});

test("whatever is trimmed in between, a subscriber has everything or was told RETENTION before the first event it lacks", async () => {
  let notified = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(actionOrTrim, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 6 }),
      fc.infiniteStream(fc.nat(3)),
      (actions, ringEvents, ticks) =>
        play({ actions, ringEvents, renderTicks: () => ticks.next().value ?? 0 }, (client, own, expected) => {
          expect(own).toEqual(expected.slice(0, own.length));
          if (client.error === undefined) return expect(own).toHaveLength(expected.length);
          notified += 1;
          expect(client.error).toMatchObject({ code: "RESYNC_REQUIRED", details: { reason: "RETENTION" } });
        }),
    ),
    { numRuns: 150 },
  );
  expect(notified).toBeGreaterThan(0);
});

test("who resumes where the tail has not come yet waits for it, also when the stream had to read the log [S16]", async () => {
  const action = (step: Action) => step;
  const append = (count: number) => action({ do: "append", key: 0, count });
  const toggle = (client: number) => action({ do: "toggle", client, ping: true });
  const actions: Action[] = [
    toggle(0),
    append(1),
    action({ do: "tail", count: 1 }),
    // The ring moves on while the first frame is made: the stream goes on from the log …
    append(5),
    action({ do: "tail", count: 5 }),
    append(1),
    // … the second client stands where the log ends now, ahead of the tail …
    toggle(1),
    toggle(1),
    append(1),
    action({ do: "tick", count: 30 }),
    // … and comes back there; it must leave the event loop to others while it waits.
    toggle(1),
    action({ do: "tick", count: 1 }),
  ];
  await play({ actions, ringEvents: 1, renderTicks: () => 3 }, (client, own, expected) => {
    expect(client.error).toBeUndefined();
    expect(own).toEqual(expected);
  });
});
