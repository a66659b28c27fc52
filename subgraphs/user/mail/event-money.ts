/** An amount of money as events carry it, read for a mail. */
import { z } from "zod";
import type { WritableMoney } from "../../../schema/money.ts";

/** As it lies in events and rows: JSON has no integer of that size. */
export const storedMoney = z.object({
  amountMinor: z.string().regex(/^-?\d+$/),
  currency: z.string(),
  exponent: z.int(),
});

export const readMoney = storedMoney.transform(
  ({ amountMinor, ...money }): WritableMoney => ({ ...money, amountMinor: BigInt(amountMinor) }),
);
