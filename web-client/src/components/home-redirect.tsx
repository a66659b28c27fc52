import { Navigate } from "react-router";
import { ViewerDocument } from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { Loading } from "./loading.tsx";
import { Notice } from "./notice.tsx";
import { Page } from "./page.tsx";

/** Leads a signed-in user to their first organisation, or to founding one. */
export function HomeRedirect() {
  const { data, error, loading } = useCachedQuery(ViewerDocument, { variables: {} });
  if (data?.viewer) {
    const first = data.viewer.memberships.edges[0]?.node.organization.id;
    return <Navigate to={first === undefined ? "/organizations/new" : `/o/${first}`} replace />;
  }
  return (
    <Page title="Welcome back">
      {loading && <Loading what="your organisations" />}
      {error !== undefined && <Notice tone="problem">{describeProblem(error)}</Notice>}
    </Page>
  );
}
