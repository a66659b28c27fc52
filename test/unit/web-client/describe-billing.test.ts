import { expect, test } from "vitest";
import { describeBilling } from "../../../web-client/src/activity/describe-billing.ts";

const message = (event: object) =>
  JSON.parse(
    JSON.stringify({
      eventId: "e1",
      type: "billing.any.v1",
      occurredAt: "2026-01-01T00:00:00.000Z",
      actor: null,
      event,
    }),
  );

test("an event is told with what it says of itself, also where its entity could not be read", () => {
  const event = { __typename: "SubscriptionChanged", toStatus: "ACTIVE", subscription: null };
  expect(describeBilling(message(event))).toMatchObject({ title: "Plan is active", source: "billing" });
});

test.each([
  ["billing.subscription.renewed.v1", "Team renewed"],
  ["billing.subscription.changed.v1", "Team is the plan now"],
  ["billing.subscription.activated.v1", "Team is active"],
  ["billing.subscription.of_a_later_release.v1", "Team is active"],
])("%s is told as: %s", (type, title) => {
  const event = { __typename: "SubscriptionChanged", toStatus: "ACTIVE", subscription: { plan: { name: "Team" } } };
  expect(describeBilling({ ...message(event), type }).title).toBe(title);
});

test("an event of a kind that a later release knows is told as something new, and breaks nothing", () => {
  expect(describeBilling(message({ __typename: "CreditNoteIssued" })).title).toMatch(/something new/i);
});

test.each([
  [null, "The plan grants something else now"],
  [80, "80 % of the events this month used"],
  [0, "Less than half of the events this month is used"],
])("a changed entitlement with the share %s is told as: %s [S91]", (reachedPercent, title) => {
  const entitlements = [{ key: "events_per_month", granted: true, limit: "100", used: "80" }];
  const event = { __typename: "EntitlementChanged", reachedPercent, entitlements };
  expect(describeBilling(message(event)).title).toBe(title);
});
