/** Tells that a payment failed which nobody was there for, as at a renewal: whoever pays by hand sees it at once. */
import { z } from "zod";
import { readMoney, storedMoney } from "../event-money.ts";
import { moneyNotice } from "../money-notice.ts";

const failed = z.object({ amount: storedMoney, payerPresent: z.boolean().optional() });

export const paymentFailed = moneyNotice({
  template: "payment_failed",
  facts: z.object({ amount: readMoney }),
  factsOf(data, { status }) {
    const { amount, payerPresent } = failed.parse(data);
    // What fails while an organisation is set up undoes it, and its founder watches.
    return payerPresent === false && status !== "PROVISIONING" && status !== "CLOSED" ? { amount } : undefined;
  },
  words: (addressed, { amount }) => ({ template: "payment_failed", values: { ...addressed, amount } }),
});
