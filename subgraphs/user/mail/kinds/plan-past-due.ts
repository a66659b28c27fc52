/**
 * Tells that a plan could not be renewed for want of a payment method. Where a payment failed, the mail about that says
 * the same.
 */
import { z } from "zod";
import { moneyNotice } from "../money-notice.ts";

const pastDue = z.object({ paymentId: z.string().nullish() });

export const planPastDue = moneyNotice({
  template: "plan_past_due",
  facts: z.object({}),
  factsOf: (data) => (pastDue.parse(data).paymentId === null ? {} : undefined),
  words: (addressed) => ({ template: "plan_past_due", values: addressed }),
});
