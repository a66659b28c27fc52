// Whatever a producer may publish, the audit log can record and verify again: both ask one definition.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { createEventContracts, type EventContracts } from "../../../../platform/events/contracts.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { outboxOf } from "../../../../platform/graphql/subgraph-outbox.ts";
import { recordEntries } from "../../../../subgraphs/audit/commands/record-entries.ts";
import { verifyChain } from "../../../../subgraphs/audit/domain/entry-hash.ts";
import { REPEATED_RUN } from "../../../support/random-of-test.ts";
import { type AuditFixture, createAuditFixture } from "./audit-fixture.ts";

const TYPE = "test.anything.happened.v1";
/** Any data at all: no contract of the product is as open. */
const producers: EventContracts = createEventContracts(new Map([[TYPE, { type: "object" }]]));

let fixture: AuditFixture;

beforeAll(async () => {
  fixture = await createAuditFixture();
});
afterAll(() => fixture?.stop());

/** Mostly such as people write; else half characters, U+0000, controls and emoji. */
const text = fc.oneof(
  { weight: 20, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 10, arbitrary: fc.string({ unit: "grapheme", maxLength: 6 }) },
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("\ud83d", "\udc00", "\0", "\u202e", "\u200d", "é", "👩‍👩‍👧", "\\u0000"),
    maxLength: 4,
  }),
);
const number = fc.oneof(
  { weight: 9, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true }) },
  fc.double(),
  fc.integer(),
  fc.constantFrom(5e-324, 1.7976931348623157e308, 2 ** 53 + 2, 1e21, -0, 0.1 + 0.2),
);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, false),
    number,
    text,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3 }),
  ),
}));

const parts = fc.record(
  {
    data: fc.dictionary(fc.oneof({ weight: 30, arbitrary: text }, fc.constant("__proto__")), value, { maxKeys: 4 }),
    time: fc.oneof(
      fc
        .date({ noInvalidDate: true, min: new Date("0000-01-01"), max: new Date("9999-12-31") })
        .map((date) => date.toISOString()),
      fc.constantFrom("2026-02-28T23:59:59.999999Z", "0001-01-01T00:00:00Z", "0000-12-31T00:00:00.000Z"),
    ),
    actorid: fc.oneof({ weight: 9, arbitrary: text }, fc.constant("x".repeat(200)), fc.constant("x".repeat(3_000))),
    clientip: text,
    useragent: fc.oneof(text, fc.constant("é".repeat(5_000))),
    correlationid: text,
    traceparent: text,
    hop: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 16 }) }, fc.constant(17)),
    subject: text,
    sessionid: text,
  },
  { requiredKeys: [] },
);

test("what a producer's check lets pass is recorded as it is, and its chain verifies [EV-12] [S55]", async () => {
  const { contracts, ids, database } = fixture;
  const outbox = outboxOf("audit", { contracts, ids, clock: systemClock });
  const organization = fixture.newOrganization();
  const recorded = new Map<string, EventEnvelope>();
  let refused = 0;

  async function record(changes: Partial<EventEnvelope>): Promise<void> {
    const base = fixture.event({ type: TYPE, subject: organization, data: {}, key: organization });
    let encoded: string;
    try {
      encoded = producers.encodeEvent({ ...base, ...changes });
    } catch {
      refused += 1;
      return;
    }
    const decoded = producers.decodeEvent(encoded);
    if (!decoded.ok) throw new Error(`what was encoded cannot be decoded: ${decoded.problem}`);
    await inTenants(database, [organization], (tx, end) =>
      recordEntries({ outbox, clock: systemClock, ids }, [decoded.event], tx, { consumer: "test", end }),
    );
    recorded.set(decoded.event.id, decoded.event);
  }

  await fc.assert(fc.asyncProperty(parts, record), { numRuns: 300 });
  const chain = await fixture.chain(organization);
  expect(chain).toHaveLength(recorded.size);
  for (const { eventId, metadata } of chain) expect(metadata).toEqual(recorded.get(eventId)?.data);
  expect(await verifyChain(chain)).toMatchObject({ ok: true, length: BigInt(recorded.size) });
  // Both ways are taken.
  if (REPEATED_RUN === undefined) expect([recorded.size > 30, refused > 30]).toEqual([true, true]);
});
