// Who is told of committed events, and how: the relay of the same process directly, that of another one by a message.
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { RelayWake } from "../../../platform/events/outbox.ts";
import { createRelay, type Relay } from "../../../platform/events/relay.ts";
import { waitFor } from "../../support/wait.ts";
import { createEventFixture, type EventFixture, FROM_REQUEST, silent, thing } from "./event-fixture.ts";
import { newKey, newTopic } from "./relays-of-file.ts";

/** Longer than any wait of a test: what arrives came without the poll. */
const NEVER_MS = 600_000;

let fixture: EventFixture;
let listener: Client;
let notifications = 0;
const relays: Relay[] = [];

beforeAll(async () => {
  fixture = await createEventFixture();
  listener = new Client({ connectionString: fixture.databases.relayUrl });
  await listener.connect();
  listener.on("notification", () => {
    notifications += 1;
  });
  await listener.query("LISTEN outbox");
});
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
});
afterAll(async () => {
  await listener.end();
  await fixture.stop();
});

async function startRelay(topic: string, phase: "ACTIVE" | "WAITING"): Promise<Relay> {
  const { relayUrl } = fixture.databases;
  const relay = createRelay({ databaseUrl: relayUrl, log: fixture.log, topic, logger: silent, pollMs: NEVER_MS });
  relays.push(relay);
  relay.start();
  await waitFor(() => relay.health().phase === phase, { what: `a relay that is ${phase}` });
  return relay;
}

function publish(topic: string, relay: RelayWake, n = 1) {
  const key = newKey();
  return inTenants(fixture.client, [key], (tx) =>
    fixture.outboxOf(topic, relay).append(tx, [thing(key, n)], FROM_REQUEST),
  );
}

const sent = (topic: string) => waitFor(async () => (await fixture.unsent(topic)) === 0, { what: "an empty outbox" });

describe("committed events", () => {
  test("the relay of the process hears of them at once, and no commit notifies [S54]", async () => {
    const topic = newTopic();
    const relay = await startRelay(topic, "ACTIVE");
    notifications = 0;
    for (const n of [1, 2, 3]) await publish(topic, relay, n);
    await sent(topic);
    // An answer on this session comes after every notification that was sent before.
    await listener.query("SELECT 1");
    expect(notifications).toBe(0);
  });

  test("the relay of another process hears of them at once, too [S54]", async () => {
    const topic = newTopic();
    await startRelay(topic, "ACTIVE");
    const waiting = await startRelay(topic, "WAITING");
    await publish(topic, waiting);
    await sent(topic);
    expect(waiting.health().phase).toBe("WAITING");
  });

  test("a transaction wakes once, after its commit, and never after a rollback [S54]", async () => {
    const topic = newTopic();
    const key = newKey();
    let woken = 0;
    const relay = {
      wake() {
        woken += 1;
      },
    };
    const outbox = fixture.outboxOf(topic, relay);
    const rolledBack = inTenants(fixture.client, [key], async (tx) => {
      await outbox.append(tx, [thing(key, 1)], FROM_REQUEST);
      throw new Error("rolled back on purpose");
    });
    await expect(rolledBack).rejects.toThrow("on purpose");
    expect(woken).toBe(0);
    await inTenants(fixture.client, [key], async (tx) => {
      await outbox.append(tx, [thing(key, 1)], FROM_REQUEST);
      await outbox.append(tx, [thing(key, 2)], FROM_REQUEST);
      expect(woken).toBe(0);
    });
    expect(woken).toBe(1);
  });
});
