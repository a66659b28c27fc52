import { useState } from "react";
import { type PlanFieldsFragment, PlansDocument } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { PlanCard } from "../components/plan-card.tsx";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { Checkout } from "../payments/checkout.tsx";

export function PlansPage() {
  const { organizationId, permissions } = useOrganization();
  const [chosen, setChosen] = useState<PlanFieldsFragment>();
  const { data, error } = useCachedQuery(PlansDocument, {
    variables: { organizationId },
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  const account = data?.organization?.billingAccount;
  const manages = permissions.has("billing.manage");
  const running = new Map(account?.subscriptions.edges.map(({ node }) => [node.plan.id, node.status]));

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
            status={running.get(plan.id)}
            chosen={chosen?.id === plan.id}
            onChoose={manages && account ? () => setChosen(plan) : undefined}
          />
        ))}
      </ul>
      {chosen !== undefined && account != null && (
        <Checkout key={chosen.id} plan={chosen} account={account} dashboard={`/o/${organizationId}`} />
      )}
    </Page>
  );
}
