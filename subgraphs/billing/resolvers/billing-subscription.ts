import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { PlanId, SubscriptionId } from "../domain/ids.ts";
import { readQuote } from "../lifecycle/read-quote.ts";
import { inTimeOf } from "../test-clock/in-time-of.ts";
import { requireQuantity } from "../validation/quantity.ts";

export const billingSubscription: ResolversOf<"BillingSubscription", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(SubscriptionId, id, loaders.subscription),
  account: async ({ accountId }, _args, { loaders }) =>
    required(await loaders.account.load(accountId), "billing account"),
  plan: async ({ planId }, _args, { loaders }) => required(await loaders.plan.load(planId), "plan"),
  scheduledChange: ({ next, currentPeriodEnd }) => (next === null ? null : { ...next, at: currentPeriodEnd }),
  async previewChange(subscription, { planId: text, quantity, at }, { loaders, services, read }) {
    const planId = text == null ? subscription.planId : PlanId.from(text);
    if (planId === undefined) return null;
    const account = required(await loaders.account.load(subscription.accountId), "billing account");
    const choice = { planId, quantity: requireQuantity(quantity ?? subscription.quantity) };
    const now = inTimeOf(services, account).clock.now();
    const answer = await read((tx) => readQuote(tx, { account, subscription, choice, at: at ?? now, now }));
    return "problem" in answer ? null : { ...answer.quote, currency: account.currency };
  },
};
