// Mails about money: whom they go to, what they say, and that each event makes each of them once.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTACT_ADDRESSES } from "../../../../platform/auth/contact-addresses.ts";
import { createTextSeal } from "../../../../platform/auth/text-seal.ts";
import type { EventType } from "../../../../schema/generated/events.ts";
import { waitFor } from "../../../support/wait.ts";
import { type Json, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
  await fixture.eventLog.ensureTopics(["billing.events"]);
});
afterAll(() => fixture?.stop());

const money = (amountMinor: string, currency = "EUR", exponent = 2) => ({ amountMinor, currency, exponent });

interface World {
  readonly ada: Person;
  readonly bob: Person;
  readonly organizationId: Awaited<ReturnType<UserFixture["organization"]>>;
}

/** An organisation with two owners. */
async function world(): Promise<World> {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(ada);
  const membershipId = await fixture.join(ada, organizationId, bob);
  const { OWNER } = await fixture.roles(ada, organizationId);
  await fixture.mutateAs(ada, "membershipUpdate", { id: membershipId, roleIds: [OWNER] }, "membership { id }");
  await fixture.admin.query("UPDATE organization SET status = 'ACTIVE' WHERE id = $1", [organizationId]);
  return { ada, bob, organizationId };
}

/** As billing says it, like the example of this type. */
function news(organizationId: string, type: EventType, data: Json, more: Json = {}): Json {
  const sample = JSON.parse(readFileSync(new URL(`../../../fixtures/events/${type}.json`, import.meta.url), "utf8"));
  return {
    ...sample,
    ...{ id: fixture.ids.uuid(), time: new Date().toISOString(), partitionkey: organizationId, orgid: organizationId },
    data: { ...sample.data, ...data },
    ...more,
  };
}

async function tell(...events: readonly Json[]): Promise<void> {
  const records = events.map((event) => ({ key: event.partitionkey, value: JSON.stringify(event) }));
  await fixture.eventLog.append("billing.events", records);
}

const contactSeal = () => createTextSeal(CONTACT_ADDRESSES, fixture.runtime.identitySecrets);

function contactNamed(organizationId: string, email: string | null): Json {
  const sealedBillingEmail = email === null ? null : contactSeal().seal(email, organizationId);
  const data = { organizationId, changedFields: ["billingEmail"], sealedBillingEmail };
  return news(organizationId, "billing.account.updated.v1", data);
}

const paid = (organizationId: string, data: Json = {}, more: Json = {}) =>
  news(organizationId, "billing.invoice.paid.v1", { number: "2026-000042", total: money("4900"), ...data }, more);

const mailsTo = (address: string) => fixture.mailbox.list(address);
const subjectsTo = async (address: string) => (await mailsTo(address)).map(({ subject }) => subject);
const receiptsTo = async (address: string) =>
  (await mailsTo(address)).filter(({ subject }) => subject.startsWith("Receipt"));
const newAddress = () => `money-${randomUUID()}@example.com`;

/** What was told before it has been handled: events of one organisation are in order. */
async function handled({ ada, organizationId }: World): Promise<void> {
  const number = `2026-${randomUUID().slice(0, 6)}`;
  await tell(contactNamed(organizationId, null), paid(organizationId, { number }));
  await waitFor(async () => (await subjectsTo(ada.email)).includes(`Receipt for invoice ${number}`), {
    what: "the receipt behind it",
  });
  // Mails wait for no other: those that were called for before may be on their way still.
  const sql = "SELECT 1 FROM email_delivery WHERE tenant_id = $1 AND state NOT IN ('SENT', 'CANCELLED')";
  await waitFor(async () => (await fixture.admin.query(sql, [organizationId])).rows.length === 0, {
    what: "all mails to be out",
  });
}

describe("a receipt", () => {
  test("goes to each owner, with the amount, the organisation and the way to the invoice", async () => {
    const { ada, bob, organizationId } = await world();
    await tell(paid(organizationId, { creditUsed: money("900") }));
    for (const { email } of [ada, bob]) {
      const [mail] = await waitFor(async () => (await receiptsTo(email)).length === 1 && (await receiptsTo(email)), {
        what: "the receipt",
      });
      expect(mail?.text).toContain("Hello Ada,");
      expect(mail?.text).toContain(
        "Invoice 2026-000042 of Test Works over €49.00 is paid. €9.00 of it came from your credit.",
      );
      expect(mail?.text).toContain(`http://client.test/o/${organizationId}`);
    }
  });

  test("goes to the address that the organisation named, from the next event on, and to nobody else", async () => {
    const it = await world();
    const { ada, bob, organizationId } = it;
    const [former, email] = [newAddress(), newAddress()];
    await tell(contactNamed(organizationId, former), contactNamed(organizationId, email), paid(organizationId));
    const [mail] = await waitFor(async () => (await receiptsTo(email)).length === 1 && (await receiptsTo(email)), {
      what: "the receipt",
    });
    expect(mail?.text).toMatch(/^Hello,\n/);
    for (const address of [former, ada.email, bob.email]) expect(await receiptsTo(address)).toEqual([]);
    const events = await fixture.mailEventsOf(organizationId);
    expect(JSON.stringify(events)).not.toContain(email);
    await handled(it);
    expect(await receiptsTo(email)).toHaveLength(1);
    expect(await receiptsTo(bob.email)).toHaveLength(1);
  });

  test("comes once, however often its event does, also when the inbox has forgotten", async () => {
    const it = await world();
    const event = paid(it.organizationId);
    await tell(event, event, event);
    await handled(it);
    await fixture.admin.query("DELETE FROM inbox WHERE consumer IN ('user.mail', 'user.mailroom')");
    await tell(event);
    await handled(it);
    const receipts = (await receiptsTo(it.ada.email)).filter(({ subject }) => subject.endsWith("2026-000042"));
    expect(receipts).toHaveLength(1);
  });

  test("comes for an invoice that credit paid as it was issued; not for nothing, and not for old news", async () => {
    const it = await world();
    const { organizationId } = it;
    const issued = (data: Json) => news(organizationId, "billing.invoice.issued.v1", data);
    await tell(
      issued({ number: "2026-000001", toStatus: "OPEN", total: money("100") }),
      issued({ number: "2026-000002", toStatus: "PAID", total: money("0") }),
      issued({ number: "2026-000003", toStatus: "PAID", total: money("900", "JPY", 0) }),
      paid(organizationId, { number: "2026-000004" }, { time: new Date(Date.now() - 25 * 3_600_000).toISOString() }),
    );
    await handled(it);
    const receipts = await receiptsTo(it.bob.email);
    expect(
      receipts.map(({ subject }) => subject.slice(-11)).filter((number) => number.startsWith("2026-0000")),
    ).toEqual(["2026-000003"]);
    expect(receipts.find(({ subject }) => subject.endsWith("2026-000003"))?.text).toContain("¥900");
  });

  test("keeps what it says until it is sent, and an address that is told once more brings nothing back", async () => {
    const it = await world();
    const { ada, bob, organizationId } = it;
    const email = newAddress();
    await tell(contactNamed(organizationId, email));
    await handled(it);
    const before = [await receiptsTo(ada.email), await receiptsTo(bob.email)].map(({ length }) => length);
    const replayed = {
      ...contactNamed(organizationId, newAddress()),
      time: new Date(Date.now() - 60_000).toISOString(),
    };
    await tell(contactNamed(organizationId, email), replayed, paid(organizationId, { number: "2026-000777" }));
    await waitFor(async () => (await receiptsTo(email)).length === 1, { what: "the receipt" });
    const { rows } = await fixture.admin.query(
      "SELECT facts, recipient FROM email_delivery WHERE regarding_id = $1 AND template = 'receipt'",
      [organizationId],
    );
    expect(rows).toEqual([
      { facts: { number: "2026-000777", total: money("4900"), creditUsed: money("0") }, recipient: email },
    ]);
    expect([await receiptsTo(ada.email), await receiptsTo(bob.email)].map(({ length }) => length)).toEqual(before);
  });
});

test("a failed renewal, a plan that nothing pays for and one that ended are told; what somebody saw is not", async () => {
  const it = await world();
  const { ada, organizationId } = it;
  const failed = (data: Json) => news(organizationId, "billing.payment.failed.v1", { amount: money("4900"), ...data });
  const pastDue = (data: Json) => news(organizationId, "billing.subscription.past_due.v1", data);
  const ended = (fromStatus: string) => news(organizationId, "billing.subscription.canceled.v1", { fromStatus });
  await tell(
    failed({ payerPresent: true }),
    pastDue({ paymentId: `pay_${randomUUID()}` }),
    ended("INCOMPLETE"),
    failed({ payerPresent: false }),
    pastDue({ paymentId: null }),
    ended("PAST_DUE"),
    ended("ACTIVE"),
  );
  await handled(it);
  const subjects = (await subjectsTo(ada.email)).filter((subject) => /Test Works/.test(subject)).toSorted();
  const own = subjects.filter((subject) => !/Invitation|ready/.test(subject));
  expect(own).toEqual([
    "The payment for Test Works failed",
    "The plan of Test Works has ended",
    "The plan of Test Works has ended",
    "The plan of Test Works is past due",
  ]);
  const texts = (await mailsTo(ada.email)).map(({ text }) => text).join("\n");
  expect(texts).toContain("We could not collect €49.00");
  expect(texts.match(/because its last invoice was not paid/g)).toHaveLength(1);
});

test("what fails while an organisation is set up, and what comes when it is gone, calls for no mail", async () => {
  const it = await world();
  const { organizationId } = it;
  await fixture.admin.query("UPDATE organization SET status = 'PROVISIONING' WHERE id = $1", [organizationId]);
  await tell(news(organizationId, "billing.payment.failed.v1", { payerPresent: false }));
  await handled(it);
  expect(await subjectsTo(it.bob.email)).not.toContain("The payment for Test Works failed");
  await fixture.admin.query("UPDATE organization SET status = 'DELETED' WHERE id = $1", [organizationId]);
  const [late, email] = [paid(organizationId, { number: "2026-000888" }), newAddress()];
  await tell(contactNamed(organizationId, email), late);
  await waitFor(
    async () => {
      const { rows } = await fixture.admin.query("SELECT 1 FROM inbox WHERE consumer = 'user.mail' AND event_id = $1", [
        late.id,
      ]);
      return rows.length === 1;
    },
    { what: "the late event" },
  );
  const { rows } = await fixture.admin.query("SELECT email FROM billing_contact WHERE organization_id = $1", [
    organizationId,
  ]);
  expect(rows).toEqual([{ email: null }]);
  expect(await receiptsTo(email)).toEqual([]);
  expect(await subjectsTo(it.bob.email)).not.toContain("Receipt for invoice 2026-000888");
});

test("an organisation that is gone leaves no address behind", async () => {
  const ada = await fixture.person();
  const slug = `s-${randomUUID().slice(0, 20)}`;
  const organizationId = await fixture.organization(ada, slug);
  await fixture.admin.query("UPDATE organization SET status = 'ACTIVE' WHERE id = $1", [organizationId]);
  const email = newAddress();
  await tell(contactNamed(organizationId, email), paid(organizationId));
  await waitFor(async () => (await receiptsTo(email)).length === 1, { what: "the receipt" });
  await fixture.mutateAs(ada, "organizationDelete", { id: organizationId, confirmSlug: slug }, "organization { id }");
  fixture.advance(4 * 86_400_000);
  const left = async () => {
    const { rows } = await fixture.admin.query(
      `SELECT (SELECT count(*)::int FROM billing_contact WHERE organization_id = $1)
        + (SELECT count(*)::int FROM email_delivery WHERE recipient = $2) AS count`,
      [organizationId, email],
    );
    return rows[0].count;
  };
  await waitFor(async () => (await left()) === 0, { what: "the addresses to be gone", deadlineMs: 30_000 });
});
