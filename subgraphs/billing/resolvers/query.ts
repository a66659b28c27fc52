import { AppError } from "../../../platform/errors/app-error.ts";
import { parsePage, toConnection } from "../../../platform/graphql/connection.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { readable } from "../policies.ts";
import { countPlans, findPublishedPlan, pagePlans, planKey } from "../store/plans.ts";

const PLAN_CODE = /^[a-z0-9-]{1,64}$/;

export const query: ResolversOf<"Query", BillingContext, BillingParents> = {
  async plans(_root, args, { services, cursors }, info) {
    const list = "plans";
    const page = parsePage(list, args, cursors, info);
    const rows = await pagePlans(services.client, page);
    const totalCount = page.counted ? await countPlans(services.client) : null;
    return toConnection({ list, page, rows, keyOf: planKey, totalCount }, cursors);
  },
  async plan(_root, { code }, { services }) {
    const plan = PLAN_CODE.test(code) ? await findPublishedPlan(services.client, code) : null;
    if (plan === null) throw new AppError("NOT_FOUND", "There is no such plan.");
    return plan;
  },
  async invoice(_root, { id }, { loaders, request }) {
    const invoice = readable(request.identity, await loaders.invoices.load(id));
    if (invoice === null) throw new AppError("NOT_FOUND", "There is no such invoice.");
    return invoice;
  },
  async billingSubscription(_root, { id }, { loaders, request }) {
    const subscription = readable(request.identity, await loaders.subscriptions.load(id));
    if (subscription === null) throw new AppError("NOT_FOUND", "There is no such subscription.");
    return subscription;
  },
};
