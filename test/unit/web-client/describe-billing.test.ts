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

test("an event of a kind that a later release knows is told as something new, and breaks nothing", () => {
  expect(describeBilling(message({ __typename: "CreditNoteIssued" })).title).toMatch(/something new/i);
});
