import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { deadLetterSchema } from "../../../../platform/events/dead-letter.ts";
import { type EventEnvelope, envelopeSchema } from "../../../../platform/events/envelope.ts";
import { verifyChain } from "../../../../subgraphs/audit/domain/entry-hash.ts";
import { waitFor } from "../../../support/wait.ts";
import { type AuditFixture, createAuditFixture, recordsOf } from "./audit-fixture.ts";

let fixture: AuditFixture;

beforeAll(async () => {
  fixture = await createAuditFixture();
  await fixture.startSubgraph();
});

afterAll(() => fixture.stop());

/** Appends at once, so that the recorder finds all of them waiting. */
async function deliverTogether(key: string, events: readonly EventEnvelope[]): Promise<void> {
  await fixture.log.append(
    "user.events",
    events.map((event) => ({ key, value: JSON.stringify(event) })),
  );
}

const renames = (organization: OrganizationId, count: number) =>
  Array.from({ length: count }, () => fixture.renamed(organization));
const idsOf = (events: readonly EventEnvelope[]) => events.map(({ id }) => id);

/** Waits for what was delivered before, since a key's events are handled in order. */
async function afterMarker(organization: OrganizationId, count: number) {
  const marker = fixture.renamed(organization);
  await deliverTogether(organization, [marker]);
  const entries = await fixture.recorded(organization, count + 1);
  expect(entries.at(-1)?.eventId).toBe(marker.id);
  return entries.slice(0, -1);
}

async function transactionsOf(organization: string): Promise<number> {
  const { rows } = await fixture.superuser.query(
    "SELECT count(DISTINCT xmin::text)::int AS n FROM audit_entry WHERE tenant_id = $1",
    [organization],
  );
  return rows[0]?.n;
}

test("events that wait together are one transaction, one chain and one announcement each, in order", async () => {
  const organization = fixture.newOrganization();
  const events = renames(organization, 20);
  await deliverTogether(organization, events);
  const entries = await fixture.recorded(organization, 20);
  expect(entries.map(({ eventId }) => eventId)).toEqual(idsOf(events));
  expect(await verifyChain(entries)).toEqual({ ok: true, length: 20n, head: entries.at(-1)?.hash });
  expect(await transactionsOf(organization)).toBe(1);

  const announced = async () => {
    const records = await recordsOf(fixture.log, "audit.events", organization);
    return records.length >= 20 && records.map(({ value }) => envelopeSchema.parse(JSON.parse(value)));
  };
  const announcements = await waitFor(announced, { what: "twenty announcements" });
  expect(announcements.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => String(index + 1)));
  expect(announcements.map(({ causationid }) => causationid)).toEqual(idsOf(events));
  expect(announcements.map(({ data }) => data["hash"])).toEqual(entries.map(({ hash }) => hash));
});

test("an event that is twice among them is recorded once, and so are all of them when they come again [S97]", async () => {
  const organization = fixture.newOrganization();
  const [first, second, third] = renames(organization, 3) as [EventEnvelope, EventEnvelope, EventEnvelope];
  const shouted = { ...second, id: second.id.toUpperCase() };
  await deliverTogether(organization, [first, second, first, shouted, third]);
  await deliverTogether(organization, [third, second, first]);
  const entries = await afterMarker(organization, 3);
  expect(entries.map(({ eventId }) => eventId)).toEqual(idsOf([first, second, third]));
});

test("an event whose id is written in capitals is recorded", async () => {
  const organization = fixture.newOrganization();
  const event = fixture.renamed(organization);
  await deliverTogether(organization, [{ ...event, id: event.id.toUpperCase() }]);
  const entries = await fixture.recorded(organization, 1);
  expect(entries.map(({ eventId }) => eventId)).toEqual([event.id]);
  expect(await verifyChain(entries)).toMatchObject({ ok: true });
});

test("one that cannot be stored becomes a dead letter, and the others keep their order and a whole chain [S52]", async () => {
  const organization = fixture.newOrganization();
  const events = renames(organization, 5);
  // Postgres stores no NUL in a text. A producer of ours refuses it, so somebody else's must have sent it.
  const unstorable = fixture.renamed(organization, { data: { organizationId: organization, name: "Wor\u0000ks" } });
  await deliverTogether(organization, events.toSpliced(2, 0, unstorable));
  const entries = await fixture.recorded(organization, 6);
  const [gap, ...none] = entries.filter(({ action }) => action === "audit.event.unrecorded");
  expect(gap?.metadata).toMatchObject({ eventId: unstorable.id, eventSequence: unstorable.sequence });
  expect(none).toEqual([]);
  expect(entries.filter((entry) => entry !== gap).map(({ eventId }) => eventId)).toEqual(idsOf(events));
  expect(await verifyChain(entries)).toMatchObject({ ok: true, length: 6n });
  const letters = await recordsOf(fixture.log, "user.events.dlq", organization);
  expect(letters.map(({ value }) => deadLetterSchema.parse(JSON.parse(value)).value)).toEqual([
    JSON.stringify(unstorable),
  ]);
});

test("a connection that breaks before the commit leaves nothing, and the events are recorded once [S97]", async () => {
  const organization = fixture.newOrganization();
  await deliverTogether(organization, renames(organization, 1));
  await fixture.recorded(organization, 1);
  const lock = await fixture.superuser.connect();
  const events = renames(organization, 6);
  try {
    await lock.query("BEGIN");
    await lock.query("SELECT FROM audit_chain WHERE tenant_id = $1 FOR UPDATE", [organization]);
    await deliverTogether(organization, events);
    const broken = async () => {
      const { rowCount } = await fixture.superuser.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%audit_chain%'`,
      );
      return (rowCount ?? 0) > 0;
    };
    await waitFor(broken, { what: "a recorder that waits for the chain" });
    expect(await fixture.chain(organization)).toHaveLength(1);
  } finally {
    await lock.query("ROLLBACK");
    lock.release();
  }
  const entries = await fixture.recorded(organization, 7);
  expect(entries.slice(1).map(({ eventId }) => eventId)).toEqual(idsOf(events));
  expect(await verifyChain(entries)).toMatchObject({ ok: true, length: 7n });
});

test("two organisations' events among each other go each to their own chain [AD-01]", async () => {
  const [one, other] = [fixture.newOrganization(), fixture.newOrganization()];
  const events = Array.from({ length: 12 }, (_, index) => fixture.renamed(index % 3 === 0 ? other : one));
  // A producer's key that is not the owner: the transaction may write the rows of one tenant only.
  await deliverTogether(one, events);
  for (const organization of [one, other]) {
    const own = events.filter(({ partitionkey }) => partitionkey === organization);
    const entries = await fixture.recorded(organization, own.length);
    expect(entries.map(({ eventId }) => eventId)).toEqual(idsOf(own));
    expect(entries.every(({ tenantId }) => tenantId === organization)).toBe(true);
    expect(await verifyChain(entries)).toMatchObject({ ok: true, length: BigInt(own.length) });
  }
});
