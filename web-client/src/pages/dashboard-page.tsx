import { useEffect } from "react";
import { DashboardDocument } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { ActivityFeed } from "../components/activity-feed.tsx";
import { BillingOverview } from "../components/billing-overview.tsx";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";

const WAIT_FOR_ACCOUNT_MS = 1_000;

export function DashboardPage() {
  const { organizationId, permissions, activity } = useOrganization();
  const { data, error, loading, startPolling, stopPolling } = useCachedQuery(DashboardDocument, {
    variables: { organizationId },
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  const account = data?.organization?.billingAccount;
  const readsBilling = permissions.has("billing.read");
  const opening = readsBilling && account === null && error === undefined;

  useEffect(() => {
    if (opening) startPolling(WAIT_FOR_ACCOUNT_MS);
    return stopPolling;
  }, [opening, startPolling, stopPolling]);

  return (
    <Page title={data?.organization?.name ?? "Dashboard"}>
      {error !== undefined && <Notice tone="problem">{describeProblem(error)}</Notice>}
      <div className="dashboard">
        <div className="dashboard-main">
          {loading && data === undefined && <Loading what="invoices" />}
          {opening && <Notice tone="info">The billing account is being opened…</Notice>}
          {!readsBilling && <Notice tone="info">Your role does not include billing.</Notice>}
          {account != null && <BillingOverview account={account} />}
        </div>
        <ActivityFeed items={activity} />
      </div>
    </Page>
  );
}
