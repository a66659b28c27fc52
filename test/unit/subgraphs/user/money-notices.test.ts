// Which events of billing call for a mail about money, and what the mail keeps of them.
import { expect, test } from "vitest";
import { paymentFailed } from "../../../../subgraphs/user/mail/kinds/payment-failed.ts";
import { planEnded } from "../../../../subgraphs/user/mail/kinds/plan-ended.ts";
import { planPastDue } from "../../../../subgraphs/user/mail/kinds/plan-past-due.ts";
import { receipt } from "../../../../subgraphs/user/mail/kinds/receipt.ts";

const ACTIVE = { status: "ACTIVE" } as const;
const money = (amountMinor: string) => ({ amountMinor, currency: "EUR", exponent: 2 });

test("a paid invoice calls for a receipt, by whatever event it is told; one that is open, void or for nothing does not", () => {
  const invoice = { number: "2026-000001", total: money("900"), creditUsed: money("100"), fromStatus: null };
  const facts = { number: "2026-000001", total: money("900"), creditUsed: money("100") };
  expect(receipt.factsOf({ ...invoice, toStatus: "PAID" }, ACTIVE)).toEqual(facts);
  // The first invoice of an organisation is paid while that is set up.
  expect(receipt.factsOf({ ...invoice, toStatus: "PAID" }, { status: "PROVISIONING" })).toEqual(facts);
  expect(receipt.factsOf({ ...invoice, toStatus: "OPEN" }, ACTIVE)).toBeUndefined();
  expect(receipt.factsOf({ ...invoice, toStatus: "VOID" }, ACTIVE)).toBeUndefined();
  expect(receipt.factsOf({ ...invoice, toStatus: "PAID", total: money("0") }, ACTIVE)).toBeUndefined();
  // As events were before they told of credit.
  const { creditUsed: _, ...former } = invoice;
  expect(receipt.factsOf({ ...former, toStatus: "PAID" }, ACTIVE)).toEqual({ ...facts, creditUsed: null });
});

test("a payment that failed calls for a mail where nobody was there, and the organisation stands", () => {
  const payment = { amount: money("900"), failureCode: "card_declined" };
  expect(paymentFailed.factsOf({ ...payment, payerPresent: false }, ACTIVE)).toEqual({ amount: money("900") });
  expect(paymentFailed.factsOf({ ...payment, payerPresent: true }, ACTIVE)).toBeUndefined();
  expect(paymentFailed.factsOf(payment, ACTIVE)).toBeUndefined();
  for (const status of ["PROVISIONING", "CLOSED"] as const) {
    expect(paymentFailed.factsOf({ ...payment, payerPresent: false }, { status })).toBeUndefined();
  }
});

test("a plan that is past due calls for a mail where no other one tells why", () => {
  expect(planPastDue.factsOf({ paymentId: null }, ACTIVE)).toEqual({});
  expect(planPastDue.factsOf({ paymentId: "pay_1" }, ACTIVE)).toBeUndefined();
  expect(planPastDue.factsOf({}, ACTIVE)).toBeUndefined();
});

test("a plan that ended calls for a mail, unless it was never paid", () => {
  expect(planEnded.factsOf({ fromStatus: "ACTIVE" }, ACTIVE)).toEqual({ isUnpaid: false });
  expect(planEnded.factsOf({ fromStatus: "PAST_DUE" }, ACTIVE)).toEqual({ isUnpaid: true });
  expect(planEnded.factsOf({ fromStatus: "INCOMPLETE" }, ACTIVE)).toBeUndefined();
});
