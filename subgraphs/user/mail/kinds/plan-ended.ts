/** Tells that a plan ended: as it was arranged, or because it was not paid. One that was never paid ends unheard. */
import { z } from "zod";
import { moneyNotice } from "../money-notice.ts";

const ended = z.object({ fromStatus: z.string().nullable() });

export const planEnded = moneyNotice({
  template: "plan_ended",
  facts: z.object({ isUnpaid: z.boolean() }),
  factsOf(data) {
    const { fromStatus } = ended.parse(data);
    return fromStatus === "INCOMPLETE" ? undefined : { isUnpaid: fromStatus === "PAST_DUE" };
  },
  words: (addressed, { isUnpaid }) => ({ template: isUnpaid ? "plan_ended_unpaid" : "plan_ended", values: addressed }),
});
