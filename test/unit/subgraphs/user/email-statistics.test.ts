import { expect, test } from "vitest";
import { statisticsOf } from "../../../../subgraphs/user/domain/email-delivery.ts";

test("the delivery rate is of the mails that are decided", () => {
  expect(
    statisticsOf(
      new Map([
        ["SENT", 3],
        ["FAILED", 1],
        ["SENDING", 2],
        ["REQUESTED", 5],
        ["CANCELLED", 7],
      ]),
    ),
  ).toEqual({
    sent: 3,
    failed: 1,
    pending: 7,
    deliveryRate: 0.75,
  });
  expect(statisticsOf(new Map([["CANCELLED", 7]]))).toEqual({ sent: 0, failed: 0, pending: 0, deliveryRate: null });
});
