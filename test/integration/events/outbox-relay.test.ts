import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { envelopeSchema } from "../../../platform/events/envelope.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createRelay, type Relay } from "../../../platform/events/relay.ts";
import { namedId } from "../../support/identities.ts";
import { waitFor } from "../../support/wait.ts";
import { createEventFixture, type EventFixture, FROM_REQUEST, readTopic, silent, thing } from "./event-fixture.ts";

let fixture: EventFixture;
const relays: Relay[] = [];

beforeAll(async () => {
  fixture = await createEventFixture();
});
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
});
afterAll(async () => {
  await fixture.stop();
});

function startRelay(topic: string, log: EventLog = fixture.log, batch = 500): Relay {
  const relay = createRelay({ databaseUrl: fixture.databases.relayUrl, log, topic, logger: silent, pollMs: 50, batch });
  relays.push(relay);
  relay.start();
  return relay;
}

const newTopic = () => `relay.${randomUUID()}`;
const newKey = () => namedId("org", randomUUID());
const events = async (topic: string) =>
  (await readTopic(fixture.log, topic)).map(({ value }) => envelopeSchema.parse(JSON.parse(value)));

describe("outbox", () => {
  test("a rolled-back change leaves no event and no gap in the sequence [S54]", async () => {
    const topic = newTopic();
    const key = newKey();
    await fixture.publish(topic, [thing(key, 1)]);
    const rolledBack = inTenants(fixture.client, [key], async (tx) => {
      await fixture.outboxOf(topic).append(tx, [thing(key, 2)], FROM_REQUEST);
      throw new Error("rolled back on purpose");
    });
    await expect(rolledBack).rejects.toThrow("on purpose");
    await fixture.publish(topic, [thing(key, 3)]);
    startRelay(topic);
    await waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "an empty outbox" });
    expect((await events(topic)).map(({ data, sequence }) => [data["n"], sequence])).toEqual([
      [1, "1"],
      [3, "2"],
    ]);
  });

  test("concurrent commits of shared keys get gap-free sequences in the order of the log [S52]", async () => {
    const topic = newTopic();
    const keys = [newKey(), newKey()] as const;
    startRelay(topic, fixture.log, 7);
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const pair = n % 2 === 0 ? keys : ([keys[1], keys[0]] as const);
        return fixture.publish(topic, [thing(pair[0], n), thing(pair[1], n), thing(pair[0], n)]);
      }),
    );
    await waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "an empty outbox" });
    const all = await events(topic);
    for (const key of keys) {
      const sequences = all.filter(({ partitionkey }) => partitionkey === key).map(({ sequence }) => Number(sequence));
      expect(sequences).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    }
  });

  test("an event above the size limit is refused by name and stores nothing [EV-12]", async () => {
    const topic = newTopic();
    const key = newKey();
    await expect(fixture.publish(topic, [thing(key, 1, { text: "x".repeat(600_000) })])).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining("524288"),
    });
    expect(await fixture.unsent(topic)).toBe(0);
  });

  test("an event that breaks its contract is not stored, nor one at the end of a causation loop [S43] [S48]", async () => {
    const topic = newTopic();
    const key = newKey();
    await expect(fixture.publish(topic, [thing(key, 1, { surprise: true })])).rejects.toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
    });
    const looping = inTenants(fixture.client, [key], (tx) =>
      fixture.outboxOf(topic).append(tx, [thing(key, 1)], { ...FROM_REQUEST, hop: 17 }),
    );
    await expect(looping).rejects.toMatchObject({ code: "STATE_INVALID" });
    expect(await fixture.unsent(topic)).toBe(0);
  });

  test("events for a tenant that the transaction does not serve are refused by the database [MT-01]", async () => {
    const foreign = inTenants(fixture.client, [newKey()], (tx) =>
      fixture.outboxOf(newTopic()).append(tx, [thing(newKey(), 1)], FROM_REQUEST),
    );
    await expect(foreign).rejects.toThrow();
  });
});

describe("relay", () => {
  test("a relay killed between append and mark publishes again and loses nothing [S54] [EV-02]", async () => {
    const topic = newTopic();
    const key = newKey();
    await fixture.publish(
      topic,
      Array.from({ length: 20 }, (_, n) => thing(key, n)),
    );
    let kills = 3;
    const killing: EventLog = {
      ...fixture.log,
      async append(name, records) {
        await fixture.log.append(name, records);
        if (kills === 0) return;
        kills -= 1;
        await fixture.databases.user.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tributary-relay'",
        );
      },
    };
    startRelay(topic, killing);
    await waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "an empty outbox" });
    const all = await events(topic);
    expect(all).toHaveLength(80);
    expect(new Set(all.map(({ id }) => id)).size).toBe(20);
    const firstCopies = all.filter((event, index) => all.findIndex(({ id }) => id === event.id) === index);
    expect(firstCopies.map(({ sequence }) => Number(sequence))).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test("one relay of a database is active, and another takes over when it ends", async () => {
    const topic = newTopic();
    const key = newKey();
    const first = startRelay(topic);
    await waitFor(() => first.health().phase === "ACTIVE", { what: "an active relay" });
    const second = startRelay(topic);
    await waitFor(() => second.health().phase === "WAITING", { what: "a waiting relay" });
    await fixture.publish(topic, [thing(key, 1)]);
    await waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "the first event" });
    await first.stop();
    await fixture.publish(topic, [thing(key, 2)]);
    await waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "the second event" });
    expect(second.health()).toMatchObject({ phase: "ACTIVE", failures: 0 });
    expect(await second.lag()).toEqual({ unsent: 0, oldestAgeMs: 0 });
    expect(await events(topic)).toHaveLength(2);
  });

  test("while the log refuses, rows wait in order and lag says how many; then all arrive once [EV-04]", async () => {
    const topic = newTopic();
    const key = newKey();
    let refuse = true;
    const refusing: EventLog = {
      ...fixture.log,
      append: (name, records) =>
        refuse ? Promise.reject(new Error("refused on purpose")) : fixture.log.append(name, records),
    };
    const relay = startRelay(topic, refusing);
    for (let n = 0; n < 10; n += 1) await fixture.publish(topic, [thing(key, n)]);
    await waitFor(() => relay.health().failures >= 2, { what: "two failures" });
    expect((await relay.lag()).unsent).toBe(10);
    expect(relay.health().lastError).toContain("refused on purpose");
    refuse = false;
    await waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "an empty outbox" });
    expect((await events(topic)).map(({ data }) => data["n"])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(relay.health().failures).toBe(0);
  });

  test("sent rows are deleted after their time, unsent ones never", async () => {
    const topic = newTopic();
    const key = newKey();
    await fixture.publish(topic, [thing(key, 1)]);
    const rows = async () => {
      const found = await fixture.databases.user.query("SELECT count(*)::int AS n FROM outbox WHERE topic = $1", [
        topic,
      ]);
      return found.rows[0].n;
    };
    const relay = createRelay({
      databaseUrl: fixture.databases.relayUrl,
      log: fixture.log,
      topic,
      logger: silent,
      pollMs: 20,
      keepSentMs: 0,
      purgeEveryMs: 20,
    });
    relays.push(relay);
    expect(await rows()).toBe(1);
    relay.start();
    await waitFor(async () => (await rows()) === 0, { what: "the sent row to go" });
    expect(await events(topic)).toHaveLength(1);
  });
});
