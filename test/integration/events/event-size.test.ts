// EV-12 over both logs: an event as large as events may be passes, one byte more is refused before anything is stored,
// and those behind it are not kept waiting.
import { describe, expect, test } from "vitest";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { MAX_EVENT_BYTES } from "../../../platform/events/contracts.ts";
import {
  appendDeadLetter,
  deadLetterSchema,
  deadLetterTopic,
  payloadOf,
} from "../../../platform/events/dead-letter.ts";
import type { Causation, EventEnvelope } from "../../../platform/events/envelope.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { waitWithin } from "../../support/wait.ts";
import { FROM_REQUEST, readTopic, thing } from "./event-fixture.ts";
import { LOGS, newKey, newTopic, relaysOfFile } from "./relays-of-file.ts";

const world = relaysOfFile();
const TRACED: Causation = { ...FROM_REQUEST, traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
/** One of each: how many bytes JSON makes of a character. */
const CHARACTERS = { ASCII: "x", "two bytes": "é", "four bytes": "😀", escaped: '"', "escaped as six": "\u0001" };

const publish = (topic: string, key: string, n: number, text: string, causation = FROM_REQUEST) =>
  inTenants(world.fixture.client, [thing(key, n).key], (tx) =>
    world.fixture.outboxOf(topic).append(tx, [thing(key, n, { text })], causation),
  );

/** A text with which the event has exactly so many bytes, the longest sequence included. */
function textFor(bytes: number, empty: EventEnvelope, character: string): string {
  const longest = { ...empty, sequence: "9223372036854775807", data: { ...empty.data, text: "" } };
  const left = bytes - Buffer.byteLength(JSON.stringify(longest));
  const each = Buffer.byteLength(JSON.stringify(character)) - 2;
  return character.repeat(Math.floor(left / each)) + "x".repeat(left % each);
}

describe.each(LOGS)("%s", (name) => {
  test.each(Object.entries(CHARACTERS))(
    "events of one byte less than the limit and of the limit pass byte for byte, one byte more is refused: %s [EV-12]",
    async (_, character) => {
      const log = world.log(name);
      const topic = newTopic();
      const key = newKey();
      for (const causation of [FROM_REQUEST, TRACED]) {
        const [empty] = await publish(topic, key, 0, "", causation);
        if (empty === undefined) throw new Error("no event");
        const text = (more: number) => textFor(MAX_EVENT_BYTES + more, empty, character);
        await publish(topic, key, 1, text(-1), causation);
        await publish(topic, key, 2, text(0), causation);
        await expect(publish(topic, key, 3, text(1), causation)).rejects.toMatchObject({
          code: "BAD_USER_INPUT",
          message: expect.stringContaining(String(MAX_EVENT_BYTES)),
        });
      }
      world.start(topic, log);
      await world.drained(topic);
      const stored = await world.fixture.databases.user.query(
        "SELECT envelope FROM outbox WHERE topic = $1 ORDER BY position",
        [topic],
      );
      const values = (await readTopic(log, topic)).map(({ value }) => value);
      expect(values.length).toBe(6);
      expect(values.every((value, index) => value === stored.rows[index].envelope)).toBe(true);
      expect(Math.max(...values.map((value) => Buffer.byteLength(value)))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    },
  );

  test("after an event of 1.1 MB was refused, and behind one of the limit, the next ten are in the log within 2 s [EV-12]", async () => {
    const log = world.log(name);
    const topic = newTopic();
    const key = newKey();
    await log.ensureTopics([topic]);
    const relay = world.start(topic, log);
    const [empty] = await publish(topic, key, 0, "");
    if (empty === undefined) throw new Error("no event");
    await world.drained(topic);
    await expect(publish(topic, key, 1, "x".repeat(1_153_434))).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    await publish(topic, key, 1, textFor(MAX_EVENT_BYTES, empty, "x"));
    for (let n = 2; n < 12; n += 1) await publish(topic, key, n, "small");
    await waitWithin(2_000, async () => (await world.fixture.unsent(topic)) === 0, { what: "the next ten events" });
    expect((await world.events(topic, log)).map(({ data }) => data["n"])).toEqual([...Array(12).keys()]);
    expect(relay.health()).toMatchObject({ failures: 0, heldKeys: 0 });
  });

  test("the dead letter of an event as large as events may be fits into a record whatever its text, and holds all of it [EV-12] [S51]", async () => {
    const log = world.log(name);
    const topic = newTopic();
    const key = newKey();
    await log.ensureTopics([topic, deadLetterTopic(topic)]);
    const whole = (character: string) => character.repeat(MAX_EVENT_BYTES / Buffer.byteLength(character));
    // Quoted again most of these take more bytes, and chance leaves little to pack.
    const random = seededRandom(12);
    const alphabet = ['"', "\\", "\u0001", "x", "é"];
    const drawn = () => alphabet[Math.floor(random() * alphabet.length)];
    const chance = Array.from({ length: MAX_EVENT_BYTES / 2 }, drawn).join("");
    const values = [chance, whole("\\"), ...Object.values(CHARACTERS).map(whole)];
    for (const [offset, value] of values.entries()) {
      const record = { topic, partition: 0, offset: BigInt(offset), key, value, appendedAt: new Date() };
      const error = new Error('"'.repeat(10_000));
      await appendDeadLetter(log, { consumer: "refuses", record, attempts: 3, error, failedAt: new Date() });
    }
    const letters = (await readTopic(log, deadLetterTopic(topic))).map(({ value }) =>
      deadLetterSchema.parse(JSON.parse(value)),
    );
    expect(letters.map((letter) => payloadOf(letter) === values[Number(letter.offset)])).toEqual(
      values.map(() => true),
    );
  });
});
