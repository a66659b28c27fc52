import { expect, test } from "vitest";
import { describeEntry } from "../../../web-client/src/activity/describe-entry.ts";
import { type ActivityItem, mergeActivity } from "../../../web-client/src/activity/feed.ts";

const item = (eventId: string, second: number, more: Partial<ActivityItem> = {}): ActivityItem => ({
  eventId,
  occurredAt: `2026-01-01T00:00:0${second}.000Z`,
  title: `event ${eventId}`,
  source: "billing",
  ...more,
});

test("activity is newest first; events of one millisecond are in the order of their ids", () => {
  const feed = mergeActivity([item("b", 1)], [item("a", 2), item("c", 1)]);
  expect(feed.map(({ eventId }) => eventId)).toEqual(["a", "c", "b"]);
});

test("billing and audit of one event become one item, whichever comes first", () => {
  const billing = item("a", 1, { title: "Invoice 1 paid", amount: "€49.00" });
  const audit = item("a", 1, { title: "Invoice paid", hash: "0f5f", source: "audit" });
  const merged = { ...billing, hash: "0f5f" };
  expect(mergeActivity([billing], [audit])).toEqual([merged].map((all) => ({ ...all, source: "billing" })));
  expect(mergeActivity([audit], [billing])).toEqual([merged]);
});

test("the list ends after forty items", () => {
  const many = Array.from({ length: 60 }, (_, index) => item(`e${String(index).padStart(2, "0")}`, 1));
  const feed = mergeActivity([], many);
  expect(feed).toHaveLength(40);
  expect(feed[0]?.eventId).toBe("e59");
});

test("an audit entry tells the facts of its event, and does without what it does not know", () => {
  const entry = {
    id: "aud_1",
    eventId: "a",
    action: "billing.invoice.paid",
    occurredAt: "2026-01-01T00:00:00.000Z",
    hash: "0f5f",
    actor: { kind: "USER", user: { id: "usr_1", displayName: "Ada" } },
    metadata: { number: "2026-000001", total: { amountMinor: "2900", currency: "EUR", exponent: 2 } },
  } as const;
  expect(describeEntry(entry)).toMatchObject({ title: "Invoice 2026-000001 paid", actor: "Ada", hash: "0f5f" });
  expect(describeEntry(entry).amount).toContain("29");
  const unknown = {
    ...entry,
    action: "user.passkey.created",
    metadata: null,
    actor: { kind: "SERVICE", user: null },
  } as const;
  expect(describeEntry(unknown)).toEqual({
    eventId: "a",
    occurredAt: entry.occurredAt,
    hash: "0f5f",
    source: "audit",
    title: "User passkey created",
  });
});
