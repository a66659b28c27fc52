import { MembersDocument } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { InvitationList } from "../components/invitation-list.tsx";
import { InviteForm } from "../components/invite-form.tsx";
import { Loading } from "../components/loading.tsx";
import { MemberTable } from "../components/member-table.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";

export function MembersPage() {
  const { organizationId, permissions } = useOrganization();
  const { data, error } = useCachedQuery(MembersDocument, {
    variables: { organizationId },
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  const manages = permissions.has("members.manage");
  const members = data?.organization?.members?.edges.map(({ node }) => node);
  const roles = data?.organization?.roles ?? [];
  return (
    <Page title="Members">
      {error !== undefined && <Notice tone="problem">{describeProblem(error)}</Notice>}
      {members === undefined && error === undefined && <Loading what="members" />}
      {members !== undefined && (
        <section className="card" aria-label="Members">
          <MemberTable members={members} roles={roles} manages={manages} />
        </section>
      )}
      {manages && roles.length > 0 && (
        <>
          <InviteForm roles={roles} />
          <InvitationList />
        </>
      )}
    </Page>
  );
}
