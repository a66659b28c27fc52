import { EntitlementsDocument } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { describeUse } from "../format/entitlement.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";

/** Those whose use is counted. */
const COUNTED = ["seats", "events_per_month"];

/** What is used of the plan; nothing where no plan runs. */
export function UsageSummary() {
  const { organizationId } = useOrganization();
  // Without an answer there is nothing to show; the dashboard tells of what went wrong.
  const { data } = useCachedQuery(EntitlementsDocument, {
    variables: { organizationId },
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  const entitlements = data?.organization?.entitlements ?? [];
  const shown = entitlements.filter(({ key, granted }) => granted && COUNTED.includes(key));
  if (shown.length === 0) return null;
  return (
    <div className="card fact">
      <dt>Used</dt>
      {shown.map((entitlement) => (
        <dd key={entitlement.key}>{describeUse(entitlement)}</dd>
      ))}
    </div>
  );
}
