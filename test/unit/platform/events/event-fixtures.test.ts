// Every event contract has a sample, which is read into values of the domain and written back.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type EventContracts, loadEventContracts } from "../../../../platform/events/contracts.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { idPrefix } from "../../../../platform/ids.ts";
import { eventFixtures } from "../../../support/event-fixtures.ts";

let contracts: EventContracts;

beforeAll(async () => {
  contracts = await loadEventContracts(join(import.meta.dirname, "../../../../schema/events"));
});

function read(text: string): EventEnvelope {
  const decoded = contracts.decodeEvent(text);
  if (!decoded.ok) throw new Error(decoded.problem);
  return decoded.event;
}

test("each event contract has one sample, and each sample a contract [S23]", () => {
  const sampled = eventFixtures.map(({ type }) => type);
  expect(
    contracts.types.filter((type) => !sampled.includes(type)),
    "no test/fixtures/events/<type>.json",
  ).toEqual([]);
  expect(sampled.filter((type) => !contracts.types.includes(type))).toEqual([]);
});

test.each(eventFixtures)(
  "a sample of $type fulfils its contract and is written back byte for byte [S23]",
  (fixture) => {
    const event = read(fixture.text);
    expect(event.type).toBe(fixture.type);
    expect(contracts.encodeEvent(event)).toBe(fixture.text);
  },
);

test.each(eventFixtures)("$type names its members in camelCase, its envelope as CloudEvents does [S23]", ({ text }) => {
  const { data, ...envelope } = read(text);
  expect(namesIn(data).filter((name) => !/^[a-z][a-zA-Z0-9]*$/.test(name))).toEqual([]);
  // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#naming-conventions
  expect(Object.keys(envelope).filter((name) => !/^[a-z0-9]{1,20}$/.test(name))).toEqual([]);
});

test.each(eventFixtures)(
  "$type has moments in UTC with milliseconds, counters as text and ids of a known kind [S23]",
  ({ text }) => {
    const event = read(text);
    expect(new Date(event.time).toISOString()).toBe(event.time);
    expect(BigInt(event.sequence).toString()).toBe(event.sequence);
    for (const [name, value] of Object.entries(event.data)) {
      if (!name.endsWith("Id") || value === null || name === "eventId") continue;
      expect(idPrefix(String(value)), name).toBeDefined();
    }
  },
);

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)]);
}
