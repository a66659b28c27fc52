// Chains of events: what a registration and a new organisation lead to, link by link, each mail and each count once.
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { prefixedEventLog } from "../../../../platform/events/prefixed-event-log.ts";
import { waitFor } from "../../../support/wait.ts";
import { EVENT_LOGS } from "../../events/event-log-harnesses.ts";
import { ANONYMOUS, type Json, startUser, type UserFixture } from "./user-fixture.ts";

const OWN = "user.events";

describe.each(EVENT_LOGS)("over %s", (_name, createHarness) => {
  const atEnd: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of atEnd.splice(0).reverse()) await cleanup();
  });

  async function start(): Promise<UserFixture> {
    const harness = await createHarness();
    atEnd.push(() => harness.close());
    const fixture = await startUser({
      openLog: async () => prefixedEventLog(await harness.open(), `${randomUUID()}.`),
      mailRetries: { baseMs: 20, capMs: 50 },
    });
    atEnd.push(() => fixture.stop());
    return fixture;
  }

  /** The id of a person who has just registered, with the events of their stream when the mail is out. */
  async function registered(fixture: UserFixture) {
    const { email } = await fixture.register();
    const { rows } = await fixture.admin.query('SELECT id FROM "user" WHERE email = $1', [email]);
    const userId: string = rows[0].id;
    const events = await waitFor(
      async () => {
        const found = await fixture.streamOf(userId);
        return found.length === 3 && found;
      },
      { what: "the three links of the chain" },
    );
    return { email, userId, events };
  }

  /** Appends what is in the log once more, as a relay does that died before it marked the rows as sent. */
  async function deliverAgain(fixture: UserFixture, copies: number): Promise<void> {
    for (const { partition, low, high } of await fixture.eventLog.ranges(OWN)) {
      if (low === high) continue;
      const page = await fixture.eventLog.read({ topic: OWN, partition, from: low, limit: 1_000 });
      for (let copy = 0; copy < copies; copy += 1) await fixture.eventLog.append(OWN, page);
    }
  }

  async function noLag(fixture: UserFixture, ...groups: string[]): Promise<void> {
    const isDone = async (group: string) => {
      const [ranges, committed] = await Promise.all([
        fixture.eventLog.ranges(OWN),
        fixture.eventLog.committed(group, OWN),
      ]);
      return ranges.every(({ partition, low, high }) => low === high || (committed.get(partition) ?? 0n) >= high);
    };
    await waitFor(async () => (await Promise.all(groups.map(isDone))).every(Boolean), { what: "no lag" });
  }

  const counts = async ({ admin }: UserFixture) =>
    (await admin.query("SELECT registered::int, verified::int FROM registration_day")).rows;

  test("a registration, its mail's request and its delivery share a correlation, each one hop further [S48]", async () => {
    const fixture = await start();
    const { email, userId, events } = await registered(fixture);
    expect(events.map(({ type, hop }: EventEnvelope) => [type, hop])).toEqual([
      ["user.registered.v1", 0],
      ["user.email.requested.v1", 1],
      ["user.email.delivered.v1", 2],
    ]);
    const [first, second, third] = events;
    expect(new Set(events.map(({ correlationid }: EventEnvelope) => correlationid)).size).toBe(1);
    expect([second.causationid, third.causationid]).toEqual([first.id, second.id]);
    expect(second.data).toEqual({ emailId: `eml_${first.id}`, template: "verification", regardingId: userId });
    expect(third.data).toEqual({ ...second.data, attempts: 1 });
    const token = await fixture.tokenFor(email, "/verify");
    for (const secret of [email, token]) expect(JSON.stringify(events)).not.toContain(secret);
  });

  test("the account of a new organisation leads to its founder's welcome mail, in the organisation's stream [S48]", async () => {
    const fixture = await start();
    const ada = await fixture.person();
    const organizationId = await fixture.organization(ada);
    const [created] = await fixture.eventsOf(organizationId);
    // One that is read again after a day calls for no mail.
    const late = {
      ...created,
      ...{ id: fixture.ids.uuid(), causationid: created.id, hop: 1 },
      type: "user.organization.activated.v1",
      time: new Date(Date.now() - 25 * 3_600_000).toISOString(),
      data: { organizationId },
    };
    await fixture.eventLog.append("user.events", [{ key: organizationId, value: JSON.stringify(late) }]);
    await fixture.accountOpened(organizationId);
    const events = await waitFor(
      async () => {
        const found = await fixture.mailEventsOf(organizationId);
        return found.length === 2 && found;
      },
      { what: "the welcome mail" },
    );
    expect(events.map(({ type, hop, orgid, correlationid }: Json) => [type, hop, orgid, correlationid])).toEqual([
      ["user.email.requested.v1", 3, organizationId, created.correlationid],
      ["user.email.delivered.v1", 4, organizationId, created.correlationid],
    ]);
    expect(events[0].data).toMatchObject({ template: "organization_welcome", regardingId: organizationId });
    expect(JSON.stringify(events)).not.toContain(ada.email);
    const mails = await fixture.mailbox.list(ada.email);
    expect(mails.filter(({ subject }) => subject === "Test Works is ready")).toHaveLength(1);
  });

  test("events that are delivered six times make one mail and one count [S59] [S47] [EV-02]", async () => {
    const fixture = await start();
    const { email, userId } = await registered(fixture);
    await deliverAgain(fixture, 5);
    await noLag(fixture, "user.mail", "user.mailroom", "user.registrations");
    const mails = await fixture.mailbox.list(email);
    expect(mails.map(({ subject }) => subject)).toEqual(["Confirm your e-mail address"]);
    expect(await fixture.streamOf(userId)).toHaveLength(3);
    expect(await counts(fixture)).toEqual([{ registered: 1, verified: 0 }]);
    await fixture.verify(email);
    await waitFor(async () => (await counts(fixture))[0].verified === 1, { what: "the confirmed address" });
    await deliverAgain(fixture, 1);
    await noLag(fixture, "user.mail", "user.mailroom", "user.registrations");
    expect(await counts(fixture)).toEqual([{ registered: 1, verified: 1 }]);
    const all = (await fixture.mailbox.list(email)).map(({ subject }) => subject);
    expect(all.sort()).toEqual(["Confirm your e-mail address", "Welcome to Tributary"]);
    // Also when the inbox has forgotten: a mail that is sent stays sent.
    await fixture.admin.query("DELETE FROM inbox WHERE consumer IN ('user.mail', 'user.mailroom')");
    await deliverAgain(fixture, 1);
    await noLag(fixture, "user.mail", "user.mailroom");
    expect(await fixture.mailbox.list(email)).toHaveLength(2);
  });
});

test("a death between the mail server's answer and the commit sends a copy that mail systems recognise [S59]", async () => {
  const fixture = await startUser({ mailRetries: { attempts: 1_000, baseMs: 200, capMs: 500 } });
  try {
    await fixture.admin.query("ALTER TABLE email_delivery ADD CONSTRAINT dying CHECK (state <> 'SENT') NOT VALID");
    const { email } = await fixture.register();
    const copies = () => fixture.mailbox.list(email);
    await waitFor(async () => (await copies()).length > 0, { what: "the first copy" });
    await fixture.admin.query("ALTER TABLE email_delivery DROP CONSTRAINT dying");
    const delivery = await waitFor(
      async () => {
        const { rows } = await fixture.admin.query("SELECT * FROM email_delivery WHERE state = 'SENT'");
        return rows[0];
      },
      { what: "the commit" },
    );
    const mails = await copies();
    expect(mails.length).toBeGreaterThan(1);
    expect(new Set(mails.map(({ messageId }) => messageId))).toEqual(
      new Set([`<eml_${delivery.event_id}@test.example>`]),
    );
    const events = await fixture.mailEventsOf(delivery.tenant_id);
    expect(events.map(({ type }) => type)).toEqual(["user.email.requested.v1", "user.email.delivered.v1"]);
    // The oldest copy is the one that a mail system keeps: its link works.
    const token = /token=(\S+)/.exec(mails.at(-1)?.text ?? "")?.[1];
    const { userErrors } = await fixture.mutate(ANONYMOUS, "emailVerify", { token }, "user { id }");
    expect(userErrors).toEqual([]);
  } finally {
    await fixture.stop();
  }
});

test("a mail that nothing calls for any more is not sent, and its stream says so", async () => {
  const fixture = await startUser({ mailRetries: { attempts: 1_000, baseMs: 50, capMs: 100 } });
  try {
    // The mail waits until the person was suspended.
    await fixture.admin.query("ALTER TABLE email_delivery ADD CONSTRAINT waits CHECK (state <> 'SENDING') NOT VALID");
    const { email } = await fixture.register();
    const { rows } = await fixture.admin.query('SELECT id FROM "user" WHERE email = $1', [email]);
    const userId: string = rows[0].id;
    await waitFor(async () => (await fixture.mailEventsOf(userId)).length === 1, { what: "the request" });
    await fixture.admin.query(`UPDATE "user" SET status = 'SUSPENDED' WHERE id = $1`, [userId]);
    await fixture.admin.query("ALTER TABLE email_delivery DROP CONSTRAINT waits");
    const events = await waitFor(
      async () => {
        const found = await fixture.mailEventsOf(userId);
        return found.length === 2 && found;
      },
      { what: "the end of the chain" },
    );
    expect(events[1]).toMatchObject({ type: "user.email.cancelled.v1", data: { template: "verification" } });
    expect(await fixture.mailbox.list(email)).toEqual([]);
  } finally {
    await fixture.stop();
  }
});
