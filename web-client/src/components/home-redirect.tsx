import { useQuery } from "@apollo/client/react";
import { Navigate } from "react-router";
import { ViewerDocument } from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { Loading } from "./loading.tsx";
import { Notice } from "./notice.tsx";
import { Page } from "./page.tsx";

/** Leads a signed-in user to their first organisation, or to founding one. */
export function HomeRedirect() {
  const { data, error, loading } = useQuery(ViewerDocument);
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
