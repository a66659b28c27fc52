import { useState } from "react";
import {
  type PlanFieldsFragment,
  PlansDocument,
  type SubscriptionFieldsFragment,
} from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { PlanCard } from "../components/plan-card.tsx";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { Checkout } from "../payments/checkout.tsx";
import { PlanChangeCheckout } from "../payments/plan-change-checkout.tsx";

interface Choice {
  readonly plan: PlanFieldsFragment;
  /** What ran when it was chosen: once it is paid, something else runs, and the outcome is still to be seen. */
  readonly replaces: SubscriptionFieldsFragment | undefined;
}

export function PlansPage() {
  const { organizationId, permissions } = useOrganization();
  const [chosen, setChosen] = useState<Choice>();
  const { data, error } = useCachedQuery(PlansDocument, {
    variables: { organizationId },
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  const account = data?.organization?.billingAccount;
  const manages = permissions.has("billing.manage");
  const subscriptions = account?.subscriptions.edges.map(({ node }) => node) ?? [];
  const running = subscriptions.find(({ status }) => status !== "CANCELED");
  const active = running?.status === "ACTIVE" || running?.status === "TRIALING" ? running : undefined;
  const statuses = new Map(subscriptions.map(({ plan, status }) => [plan.id, status]));

  return (
    <Page title="Plans" intro="Prices are per organisation. Payments go to a sandbox: no money moves.">
      {error !== undefined && <Notice tone="problem">{describeProblem(error)}</Notice>}
      {data === undefined && error === undefined && <Loading what="plans" />}
      {data !== undefined && !manages && <Notice tone="info">Ask an owner to choose a plan: your role cannot.</Notice>}
      <ul className="plans">
        {data?.plans.edges.map(({ node: plan }) => (
          <PlanCard
            key={plan.id}
            plan={plan}
            status={running?.plan.id === plan.id ? running.status : statuses.get(plan.id)}
            chosen={chosen?.plan.id === plan.id}
            onChoose={manages && account ? () => setChosen({ plan, replaces: active }) : undefined}
          />
        ))}
      </ul>
      {chosen?.replaces !== undefined && account != null && (
        <PlanChangeCheckout
          key={chosen.plan.id}
          plan={chosen.plan}
          subscription={chosen.replaces}
          account={account}
          dashboard={`/o/${organizationId}`}
        />
      )}
      {chosen !== undefined && chosen.replaces === undefined && account != null && (
        <Checkout key={chosen.plan.id} plan={chosen.plan} account={account} dashboard={`/o/${organizationId}`} />
      )}
    </Page>
  );
}
