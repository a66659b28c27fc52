import { useEffect } from "react";
import { useNavigate } from "react-router";
import { ViewerDocument } from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { Loading } from "./loading.tsx";
import { Notice } from "./notice.tsx";
import { Page } from "./page.tsx";

const HOME = "/";

/** Leads a signed-in user to their first organisation, or to founding one. */
export function HomeRedirect() {
  const { data, error, loading } = useCachedQuery(ViewerDocument, { variables: {} });
  const navigate = useNavigate();
  const viewer = data?.viewer;
  const first = viewer?.memberships.edges[0]?.node.organization.id;
  const target = first === undefined ? "/organizations/new" : `/o/${first}`;
  const isKnown = viewer != null;
  useEffect(() => {
    // Whoever has followed a link meanwhile is on the way to another page, although this one still shows.
    if (isKnown && window.location.pathname === HOME) void navigate(target, { replace: true });
  }, [isKnown, target, navigate]);
  if (isKnown) return null;
  return (
    <Page title="Welcome back">
      {loading && <Loading what="your organisations" />}
      {error !== undefined && <Notice tone="problem">{describeProblem(error)}</Notice>}
    </Page>
  );
}
