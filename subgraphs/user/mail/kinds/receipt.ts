/**
 * Tells that an invoice is paid: by a payment, or by the credit of the account alone. A renewal is told by its receipt.
 */
import { z } from "zod";
import { readMoney, storedMoney } from "../event-money.ts";
import { moneyNotice } from "../money-notice.ts";

const paid = z.object({
  number: z.string(),
  toStatus: z.string(),
  total: storedMoney,
  creditUsed: storedMoney.optional(),
});

export const receipt = moneyNotice({
  template: "receipt",
  facts: z.object({ number: z.string(), total: readMoney, creditUsed: readMoney.nullable() }),
  factsOf(data) {
    const { number, toStatus, total, creditUsed = null } = paid.parse(data);
    // Nobody wants a receipt for nothing.
    return toStatus === "PAID" && BigInt(total.amountMinor) > 0n ? { number, total, creditUsed } : undefined;
  },
  words: (addressed, { number, total, creditUsed }) => ({
    template: "receipt",
    values: {
      ...addressed,
      number,
      amount: total,
      credit: creditUsed !== null && creditUsed.amountMinor > 0n ? creditUsed : null,
    },
  }),
});
