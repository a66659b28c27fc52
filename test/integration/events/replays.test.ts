// A dead letter is given again to the consumer that gave up on it: to nobody else, with one effect however often, and
// not over something newer unless somebody insists.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { type DeadLetter, payloadOf } from "../../../platform/events/dead-letter.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { createRelay } from "../../../platform/events/relay.ts";
import { type ReplayOutcome, replayOutcomeSchema, requestReplays } from "../../../platform/events/replay.ts";
import { textAsId } from "../../support/identities.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import { consumersOfFile, FAST, newKey, newTopic, recording } from "./consumers-of-file.ts";
import { readTopic, silent } from "./event-fixture.ts";

const LOGS = {
  Postgres: undefined,
  Kafka: () =>
    createKafkaEventLog({
      brokers: serviceAddress("kafka").split(","),
      clientId: "replays",
      replicationFactor: 1,
      logger: silent,
    }),
} as const;

describe.each(["Postgres", "Kafka"] as const)("over %s", (name) => {
  const world = consumersOfFile(LOGS[name]);
  const { start, appendThings } = world;

  const letterId = () => `dlt_${randomUUID()}`;

  /** Commits requests for replays of a letter, and has the relay send them. */
  async function ask(
    letter: DeadLetter,
    key: string,
    options: { force?: boolean; times?: number } = {},
  ): Promise<string[]> {
    const { consumer, topic, partition, offset, failedAt } = letter;
    const requests = Array.from({ length: options.times ?? 1 }, () => ({
      id: randomUUID(),
      letterId: letterId(),
      consumer,
      topic,
      partition,
      offset,
      key: letter.key,
      value: payloadOf(letter),
      failedAt,
      force: options.force ?? false,
    }));
    // What the test appended itself the relay need not append again.
    await world.fixture.databases.user.query("UPDATE outbox SET sent_at = now() WHERE topic = $1", [topic]);
    const owner = textAsId("org", key);
    await inTenants(world.fixture.client, [owner], (tx) =>
      requestReplays(
        tx,
        world.fixture.outboxOf(topic),
        requests.map((request) => ({ owner, request })),
      ),
    );
    const relay = createRelay({
      databaseUrl: world.fixture.databases.relayUrl,
      log: world.fixture.log,
      topic,
      logger: silent,
      pollMs: 20,
    });
    relay.start();
    await waitFor(async () => (await world.fixture.unsent(`${consumer}.replays`)) === 0, {
      what: "the requests to be sent",
    });
    await relay.stop();
    return requests.map(({ id }) => id);
  }

  async function outcomes(topic: string, ids: readonly string[]): Promise<ReplayOutcome[]> {
    return waitFor(
      async () => {
        const records = await readTopic(world.fixture.log, `${topic}.dlq`);
        const found = records.flatMap(({ value }) => replayOutcomeSchema.safeParse(JSON.parse(value)).data ?? []);
        const asked = ids.flatMap((id) => found.find((outcome) => outcome.id === id) ?? []);
        return asked.length === ids.length && asked;
      },
      { what: "the outcomes of the replays" },
    );
  }

  async function letterOf(topic: string, consumer: string): Promise<DeadLetter> {
    const records = await readTopic(world.fixture.log, `${topic}.dlq`);
    const letter = records
      .map(({ value }): DeadLetter | Record<string, never> => JSON.parse(value))
      .find((candidate): candidate is DeadLetter => candidate["consumer"] === consumer);
    if (letter === undefined) throw new Error("no dead letter");
    return letter;
  }

  const failsOn = (n: number, broken: { value: boolean }) => (event: EventEnvelope) => {
    if (event.data["n"] === n && broken.value) throw new Error("cannot be handled");
  };

  const numbers = async (group: string) => (await world.fixture.effects(group)).map(({ n }) => n);

  test("a mended consumer applies what it is given again, once for two requests, and no other consumer sees it [EV-06]", async () => {
    const topic = newTopic();
    const other = `${topic}.other`;
    const key = newKey();
    const broken = { value: true };
    await appendThings(topic, [[key, 0]]);
    const consumers = [
      await start(topic, topic, recording(topic, failsOn(0, broken))),
      await start(topic, other, recording(other)),
    ];
    for (const consumer of consumers) await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
    const letter = await letterOf(topic, topic);

    const [failed] = await outcomes(topic, await ask(letter, key));
    expect(failed).toMatchObject({ outcome: "FAILED", attempts: 3, error: "Error: cannot be handled" });
    expect(await numbers(topic)).toEqual([]);

    broken.value = false;
    const applied = await outcomes(topic, await ask(letter, key, { times: 2 }));
    expect(applied.map(({ outcome, error }) => [outcome, error])).toEqual([
      ["APPLIED", null],
      ["APPLIED", null],
    ]);
    const [again] = await outcomes(topic, await ask(letter, key));
    expect(again?.outcome).toBe("APPLIED");
    expect(await numbers(topic)).toEqual([0]);
    expect(await numbers(other)).toEqual([0]);
  });

  test("what is older than a change that was applied meanwhile is refused, and applied where somebody insists [S51]", async () => {
    const topic = newTopic();
    const key = newKey();
    const broken = { value: true };
    const consumer = await start(topic, topic, recording(topic, failsOn(0, broken)));
    // The same aggregate: its later change goes on without the failed one.
    await appendThings(topic, [
      [key, 0],
      [key, 1],
    ]);
    await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
    expect(await numbers(topic)).toEqual([1]);
    broken.value = false;
    const letter = await letterOf(topic, topic);
    const [refused] = await outcomes(topic, await ask(letter, key));
    expect(refused).toMatchObject({ outcome: "SUPERSEDED", attempts: 0, error: expect.stringContaining("event 2") });
    expect(await numbers(topic)).toEqual([1]);
    const [forced] = await outcomes(topic, await ask(letter, key, { force: true }));
    expect(forced?.outcome).toBe("APPLIED");
    expect(await numbers(topic)).toEqual([1, 0]);
  });

  test("a newer change that is committed while the older one is being applied refuses it as well", async () => {
    const topic = newTopic();
    const key = newKey();
    const broken = { value: true };
    const consumer = await start(
      topic,
      topic,
      recording(topic, async (event) => {
        failsOn(0, broken)(event);
        if (event.data["n"] !== 0) return;
        if (!broken.value) await appendThings(topic, [[key, 1]]);
        await waitFor(async () => (await numbers(topic)).includes(1), { what: "the newer change" });
      }),
    );
    await appendThings(topic, [[key, 0]]);
    await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
    broken.value = false;
    const [refused] = await outcomes(topic, await ask(await letterOf(topic, topic), key));
    expect(refused?.outcome).toBe("SUPERSEDED");
    expect(await numbers(topic)).toEqual([1]);
  });

  test("where order does not matter, a late event is applied as it comes; what is no event fails again", async () => {
    const topic = newTopic();
    const key = newKey();
    const broken = { value: true };
    const options = { lateEvents: "accept", policy: FAST } as const;
    const consumer = await start(topic, topic, recording(topic, failsOn(0, broken)), options);
    await appendThings(topic, [
      [key, 0],
      [key, 1],
    ]);
    await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
    broken.value = false;
    const letter = await letterOf(topic, topic);
    const [late] = await outcomes(topic, await ask(letter, key));
    expect(late?.outcome).toBe("APPLIED");
    expect(await numbers(topic)).toEqual([1, 0]);
    const [none] = await outcomes(topic, await ask({ ...letter, value: "{" }, key));
    expect(none).toMatchObject({ outcome: "FAILED", attempts: 1, error: expect.stringContaining("not JSON") });
  });
});
