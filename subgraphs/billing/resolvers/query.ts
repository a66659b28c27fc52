import { AppError } from "../../../platform/errors/app-error.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { InvoiceId, SubscriptionId } from "../domain/ids.ts";
import { findPlanVersion, findPublishedPlan, pagePlans, planKey } from "../store/plans.ts";

const PLAN_CODE = /^[a-z0-9-]{1,64}$/;

export const query: ResolversOf<"Query", BillingContext, BillingParents> = {
  plans(_root, args, { services }, info) {
    const { autocommit } = services.database;
    const untenanted: BillingContext["read"] = (work) => work(autocommit);
    return readConnection(
      { services, read: untenanted },
      { name: "plans", keyOf: planKey, page: pagePlans },
      args,
      info,
    );
  },
  async plan(_root, { code, version, asOf }, { services }) {
    if (!PLAN_CODE.test(code)) return found(null, "plan");
    const { autocommit } = services.database;
    const isNewest = version == null && asOf == null;
    const named = { ...(version == null ? {} : { version }), ...(asOf == null ? {} : { asOf }) };
    const plan = await (isNewest
      ? findPublishedPlan(autocommit, code)
      : findPlanVersion(autocommit, { code, ...named }));
    return found(plan ?? null, "plan");
  },
  invoice: async (_root, { id }, { loaders }) => found(await loadById(InvoiceId, id, loaders.invoice), "invoice"),
  billingSubscription: async (_root, { id }, { loaders }) =>
    found(await loadById(SubscriptionId, id, loaders.subscription), "subscription"),
};

function found<Entity>(entity: Entity | null, noun: string): Entity {
  if (entity === null) throw new AppError("NOT_FOUND", `There is no such ${noun}.`);
  return entity;
}
