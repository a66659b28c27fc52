import { Outlet, useParams } from "react-router";
import { PermissionsDocument, ViewerDocument } from "../../../schema/generated/operations.ts";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { NotFoundPage } from "../pages/not-found-page.tsx";
import { OrganizationFrame } from "./organization-frame.tsx";

/** Finds out what the viewer may do in the organisation of the path. */
export function OrganizationLayout() {
  const { organizationId = "" } = useParams();
  const viewer = useCachedQuery(ViewerDocument, { variables: {} });
  const permissions = useCachedQuery(PermissionsDocument, { variables: { organizationId } });
  const memberships = viewer.data?.viewer?.memberships.edges.map(({ node }) => node.organization);
  const granted = permissions.data?.viewer?.permissions;
  const error = viewer.error ?? permissions.error;

  if (memberships !== undefined && granted !== undefined) {
    const current = memberships.find(({ id }) => id === organizationId);
    if (current === undefined) return <NotFoundPage />;
    return (
      <OrganizationFrame
        key={organizationId}
        organization={current}
        organizations={memberships}
        permissions={new Set(granted)}
        outlet={<Outlet />}
      />
    );
  }
  return (
    <Page title="Organisation">
      {error === undefined ? (
        <Loading what="the organisation" />
      ) : (
        <Notice tone="problem">
          {describeProblem(error)}{" "}
          <button
            type="button"
            className="link"
            onClick={() => {
              // Their failure is shown here again.
              viewer.refetch().catch(() => {});
              permissions.refetch().catch(() => {});
            }}
          >
            Try again
          </button>
        </Notice>
      )}
    </Page>
  );
}
