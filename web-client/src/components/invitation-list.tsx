import { InvitationsDocument } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { roleTitle } from "../format/role.ts";
import { formatDate } from "../format/time.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { StatusBadge } from "./status-badge.tsx";

export function InvitationList() {
  const { organizationId } = useOrganization();
  const { data } = useCachedQuery(InvitationsDocument, {
    variables: { organizationId },
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  const invitations = data?.organization?.invitations?.edges.map(({ node }) => node) ?? [];
  if (invitations.length === 0) return null;
  return (
    <section className="card" aria-labelledby="invitations-title">
      <h2 id="invitations-title">Invitations</h2>
      <ul className="invitations">
        {invitations.map(({ id, email, status, roles, expiresAt }) => (
          <li key={id}>
            <strong>{email}</strong> <StatusBadge status={status} />
            <span className="hint">
              {roles.map(({ name }) => roleTitle(name)).join(", ")}
              {status === "PENDING" && `, until ${formatDate(expiresAt)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
