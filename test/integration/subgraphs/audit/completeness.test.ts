// What was published and not recorded is found by sequence, whoever lost it; what is only late is not reported.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { streamHeadsTopic } from "../../../../platform/events/stream-heads.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { waitFor } from "../../../support/wait.ts";
import { type AuditFixture, createAuditFixture } from "./audit-fixture.ts";

const TOPIC = "user.events";

let fixture: AuditFixture;
let subgraph: Subgraph;

beforeAll(async () => {
  fixture = await createAuditFixture();
  subgraph = await fixture.startSubgraph();
});
afterAll(() => fixture?.stop());

/** What the producer's relay says of its streams; resolves when audit has looked. */
async function tell(...heads: readonly (readonly [OrganizationId, number])[]): Promise<void> {
  const marker = fixture.newOrganization();
  await fixture.deliver(fixture.renamed(marker));
  await append(heads);
  // A stream that is said to be longer than it is shows that everything ahead of it was looked at.
  await append([[marker, 2]]);
  await waitFor(async () => (await missingOf(marker)) === 1, { what: "audit to look" });
}

async function append(heads: readonly (readonly [OrganizationId, number])[]): Promise<void> {
  const told = { topic: TOPIC, at: new Date().toISOString(), heads: heads.map(([key, head]) => [key, String(head)]) };
  await fixture.log.append(streamHeadsTopic(TOPIC), [{ key: TOPIC, value: JSON.stringify(told) }]);
}

async function missingOf(organization: OrganizationId): Promise<number> {
  const { rows } = await fixture.superuser.query("SELECT missing::int FROM recorded_stream WHERE tenant_id = $1", [
    organization,
  ]);
  return rows[0]?.missing ?? 0;
}

const alertsOf = (organization: OrganizationId) => fixture.errors.filter(({ tenantId }) => tenantId === organization);

function metric(name: string): number | undefined {
  const samples = subgraph.metrics?.().find((candidate) => candidate.name === `tributary_audit_${name}`)?.samples;
  return samples?.find(([suffix]) => suffix === `{topic="${TOPIC}"}`)?.[1];
}

const several = (organization: OrganizationId, count: number) =>
  Array.from({ length: count }, () => fixture.renamed(organization));

test("nothing is reported of streams that were recorded whole, however often they are told [S55]", async () => {
  const organization = fixture.newOrganization();
  await fixture.deliver(...several(organization, 3));
  await tell([organization, 3], [organization, 2]);
  await tell([organization, 3]);
  expect(await missingOf(organization)).toBe(0);
  expect(alertsOf(organization)).toEqual([]);
});

test("an event that never reached the log is missed between others and at the end of its stream [S55]", async () => {
  const [between, last] = [fixture.newOrganization(), fixture.newOrganization()];
  const [first, , third] = several(between, 3);
  if (first === undefined || third === undefined) throw new Error("three events");
  await fixture.deliver(first, third, ...several(last, 1));
  await tell([between, 3], [last, 4]);
  expect([await missingOf(between), await missingOf(last)]).toEqual([1, 3]);
  const alert = { level: 50, msg: "events are missing in the audit log", alert: "AUDIT_EVENTS_MISSING", topic: TOPIC };
  expect(alertsOf(between)).toMatchObject([{ ...alert, missing: 1, sequences: "{[2,3)}" }]);
  expect(alertsOf(last)).toMatchObject([{ ...alert, missing: 3, sequences: "{[2,5)}" }]);
  await waitFor(() => (metric("missing_events") ?? 0) >= 4, { what: "the metric" });
  // The same again is no news.
  await tell([between, 3]);
  expect(alertsOf(between)).toHaveLength(1);
});

test("an event that the recorder passed over is missed, and no longer once it is recorded after all [S55]", async () => {
  const organization = fixture.newOrganization();
  const events = several(organization, 3);
  const skipped = events[1];
  await fixture.superuser.query("INSERT INTO inbox (consumer, event_id) VALUES ('audit.entries', $1)", [skipped?.id]);
  await fixture.deliver(...events);
  await fixture.recorded(organization, 2);
  await tell([organization, 3]);
  expect(await missingOf(organization)).toBe(1);
  await fixture.superuser.query("DELETE FROM inbox WHERE event_id = $1", [skipped?.id]);
  if (skipped !== undefined) await fixture.deliver(skipped);
  await fixture.recorded(organization, 3);
  // It is looked at again with whatever is told next.
  await tell();
  expect(await missingOf(organization)).toBe(0);
  expect(alertsOf(organization)).toHaveLength(1);
});

test("what a dead letter explains is not missing", async () => {
  const organization = fixture.newOrganization();
  const bad = fixture.renamed(organization);
  const text = JSON.stringify({ ...bad, data: { organizationId: organization, name: 7 } });
  await fixture.log.append(TOPIC, [{ key: organization, value: text }]);
  await fixture.deliver(...several(organization, 1));
  await tell([organization, 2]);
  expect(await missingOf(organization)).toBe(0);
  expect(alertsOf(organization)).toEqual([]);
});

test("what is late is waited for, and the time that it takes is a metric [S55]", async () => {
  const organization = fixture.newOrganization();
  await fixture.deliver(...several(organization, 1));
  await fixture.recorded(organization, 1);
  const holder = await fixture.superuser.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT 1 FROM audit_chain WHERE tenant_id = $1 FOR UPDATE", [organization]);
  await fixture.deliver(...several(organization, 2));
  await append([[organization, 3]]);
  await waitFor(() => metric("convergence_lag_events") === 2, { what: "the lag in events" });
  const waited = metric("convergence_lag_seconds") ?? 0;
  await waitFor(() => (metric("convergence_lag_seconds") ?? 0) > waited, { what: "the lag to grow" });
  expect(await missingOf(organization)).toBe(0);
  await holder.query("ROLLBACK");
  holder.release();
  await fixture.recorded(organization, 3);
  await tell([organization, 3]);
  expect(await missingOf(organization)).toBe(0);
  expect(alertsOf(organization)).toEqual([]);
});

test("what cannot be read among the heads holds up nobody", async () => {
  await fixture.log.append(streamHeadsTopic(TOPIC), [{ key: TOPIC, value: randomUUID() }]);
  await tell();
});
