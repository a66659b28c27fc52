import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { deadLetterSchema } from "../../../../platform/events/dead-letter.ts";
import { envelopeSchema } from "../../../../platform/events/envelope.ts";
import { outboxOf } from "../../../../platform/graphql/subgraph-outbox.ts";
import { recordEntries } from "../../../../subgraphs/audit/commands/record-entries.ts";
import { verifyChain } from "../../../../subgraphs/audit/domain/entry-hash.ts";
import { waitFor } from "../../../support/wait.ts";
import { type AuditFixture, createAuditFixture, recordsOf } from "./audit-fixture.ts";

let fixture: AuditFixture;

beforeAll(async () => {
  fixture = await createAuditFixture();
  // Two instances: a partition moves from one to the other, and both must end in one chain.
  await fixture.startSubgraph();
  await fixture.startSubgraph();
});

afterAll(() => fixture.stop());

const sequence = (length: number) => Array.from({ length }, (_, index) => BigInt(index + 1));

test("an event of either topic becomes one entry, also when it is delivered twice [S97]", async () => {
  const organization = fixture.newOrganization();
  const invoice = fixture.ids.next("inv");
  const renamed = fixture.renamed(organization, { actorId: "usr_1" });
  const paid = fixture.paid(organization, invoice);
  await fixture.deliver(renamed, renamed, paid, paid);
  // One organisation's events are handled in order: when the last of each topic is recorded, the repeats were seen.
  const markers = [fixture.renamed(organization), fixture.paid(organization, invoice)];
  await fixture.deliver(...markers);

  const entries = await fixture.recorded(organization, 4);
  expect(entries.map(({ eventId }) => eventId).sort()).toEqual([renamed, paid, ...markers].map(({ id }) => id).sort());
  expect(entries.find(({ eventId }) => eventId === renamed.id)).toMatchObject({
    tenantId: organization,
    action: "user.organization.updated",
    outcome: "SUCCESS",
    actorKind: "USER",
    actorId: "usr_1",
    targets: [{ type: "Organization", id: organization }],
    metadata: renamed.data,
    ip: "203.0.113.7",
    userAgent: "test",
    traceId: "a".repeat(32),
    correlationId: renamed.correlationid,
    occurredAt: new Date(renamed.time),
  });
});

test("fifty concurrent events over two topics make a chain per organisation, gap-free and verifying [AD-01]", async () => {
  const organizations = [fixture.newOrganization(), fixture.newOrganization()] as const;
  const events = Array.from({ length: 50 }, (_, index) => {
    const organization = organizations[index % 5 === 0 ? 1 : 0];
    return index % 2 === 0
      ? fixture.renamed(organization)
      : fixture.paid(organization, fixture.ids.next("inv"), { actorId: "usr_1" });
  });
  await Promise.all(events.map((event) => fixture.deliver(event)));
  for (const [organization, length] of [
    [organizations[0], 40],
    [organizations[1], 10],
  ] as const) {
    const entries = await fixture.recorded(organization, length);
    expect(entries.map((entry) => entry.sequence)).toEqual(sequence(length));
    expect(await verifyChain(entries)).toEqual({ ok: true, length: BigInt(length), head: entries.at(-1)?.hash });
  }
});

test("fifty transactions that append to one chain at once neither fork it nor leave a gap [AD-01]", async () => {
  const organization = fixture.newOrganization();
  const { contracts, ids, database } = fixture;
  const outbox = outboxOf("audit", { contracts, ids, clock: systemClock });
  await Promise.all(
    Array.from({ length: 50 }, () => {
      const event = fixture.renamed(organization);
      return inTenants(database, [organization], (tx, end) =>
        recordEntries({ outbox, clock: systemClock, ids }, [event], tx, { consumer: "test", end }),
      );
    }),
  );
  const entries = await fixture.chain(organization);
  expect(entries.map((entry) => entry.sequence)).toEqual(sequence(50));
  expect(await verifyChain(entries)).toMatchObject({ ok: true, length: 50n });
});

test("what belongs to no organisation goes to the chain of its user, a refusal as one [S97]", async () => {
  const userId = fixture.ids.next("usr");
  const registered = { type: "user.registered.v1", subject: userId, key: userId, data: { userId } };
  const rejected = {
    type: "user.session.rejected.v1",
    subject: userId,
    key: userId,
    data: { userId, reason: "password" },
  };
  await fixture.deliver(fixture.event(registered), fixture.event(rejected));
  const entries = await fixture.recorded(userId, 2);
  expect(entries.map(({ action, outcome }) => [action, outcome])).toEqual([
    ["user.registered", "SUCCESS"],
    ["user.session.rejected", "FAILURE"],
  ]);
});

test("each entry is announced once, in order, with its hash", async () => {
  const organization = fixture.newOrganization();
  const events = [fixture.renamed(organization, { actorId: "usr_1" }), fixture.renamed(organization)];
  await fixture.deliver(...events);
  const entries = await fixture.recorded(organization, 2);
  const announced = async () => {
    const records = await recordsOf(fixture.log, "audit.events", organization);
    return records.length >= 2 && records.map(({ value }) => envelopeSchema.parse(JSON.parse(value)));
  };
  const announcements = await waitFor(announced, { what: "two announcements" });
  expect(announcements).toHaveLength(2);
  for (const [index, announcement] of announcements.entries()) {
    const entry = entries[index];
    expect(announcement).toMatchObject({
      type: "audit.entry.recorded.v1",
      subject: entry?.id,
      orgid: organization,
      sequence: String(index + 1),
      causationid: events[index]?.id,
      hop: 1,
      data: { entryId: entry?.id, sequence: String(index + 1), eventId: entry?.eventId, hash: entry?.hash },
    });
  }
});

test("broken JSON ends in the dead letters once, and the organisation's next event is recorded [EV-06]", async () => {
  const organization = fixture.newOrganization();
  const broken = `{"specversion": "1.0", ${randomUUID()}`;
  await fixture.log.append("user.events", [{ key: organization, value: broken }]);
  await fixture.deliver(fixture.renamed(organization));
  // Its own entry, and the one that says what has none.
  const entries = await fixture.recorded(organization, 2);
  const letters = (await recordsOf(fixture.log, "user.events.dlq", organization)).map(({ value }) =>
    deadLetterSchema.parse(JSON.parse(value)),
  );
  expect(letters).toEqual([
    expect.objectContaining({
      consumer: "audit.entries",
      topic: "user.events",
      key: organization,
      value: broken,
      attempts: 1,
      error: expect.stringContaining("not JSON"),
    }),
  ]);
  expect(entries.map(({ action }) => action).sort()).toEqual(["audit.event.unrecorded", "user.organization.updated"]);
});

test("an event that breaks its contract is not recorded but kept as a dead letter [S43] [EV-06]", async () => {
  const organization = fixture.newOrganization();
  const good = fixture.renamed(organization);
  const bad = { ...good, id: fixture.ids.uuid(), data: { organizationId: organization, name: 7 } };
  await fixture.log.append("user.events", [{ key: organization, value: JSON.stringify(bad) }]);
  await fixture.deliver(good);
  const entries = await fixture.recorded(organization, 2);
  expect(entries.map(({ eventId }) => eventId)).toContain(good.id);
  expect(entries.map(({ eventId }) => eventId)).not.toContain(bad.id);
  const letters = await recordsOf(fixture.log, "user.events.dlq", organization);
  expect(letters.map(({ value }) => deadLetterSchema.parse(JSON.parse(value)).error)).toEqual([
    expect.stringContaining("user.organization.updated.v1"),
  ]);
});
