import { expect, test } from "vitest";
import { statisticsOf } from "../../../../subgraphs/user/domain/email-delivery.ts";

test("the delivery rate is of the mails that are decided, and a mail that bounced was not delivered [S109]", () => {
  const counts = new Map([
    ["SENT", 3],
    ["BOUNCED", 2],
    ["FAILED", 1],
    ["SENDING", 2],
    ["REQUESTED", 5],
    ["CANCELLED", 7],
  ] as const);
  expect(statisticsOf(counts)).toEqual({ sent: 3, bounced: 2, failed: 1, pending: 7, deliveryRate: 0.5 });
  const nothing = { sent: 0, bounced: 0, failed: 0, pending: 0, deliveryRate: null };
  expect(statisticsOf(new Map([["CANCELLED", 7]]))).toEqual(nothing);
});
