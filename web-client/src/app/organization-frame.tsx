import { type ReactNode, useMemo } from "react";
import { NavLink } from "react-router";
import { useActivity } from "../activity/use-activity.ts";
import { LivePill } from "../components/live-pill.tsx";
import { OrganizationSwitcher, type SwitchableOrganization } from "../components/organization-switcher.tsx";
import { useLiveStatus } from "../graphql/use-live-status.ts";
import { OrganizationContext } from "./organization-context.ts";

interface OrganizationFrameProps {
  readonly organization: SwitchableOrganization;
  readonly organizations: readonly SwitchableOrganization[];
  readonly permissions: ReadonlySet<string>;
  readonly outlet: ReactNode;
}

/** Header and navigation of an organisation's pages. Holds the live streams, so that they outlast a change of page. */
export function OrganizationFrame({ organization, organizations, permissions, outlet }: OrganizationFrameProps) {
  const status = useLiveStatus();
  const activity = useActivity(organization.id, {
    members: permissions.has("members.read"),
    billing: permissions.has("billing.read"),
    audit: permissions.has("audit.read"),
  });
  const scope = useMemo(
    () => ({ organizationId: organization.id, permissions, activity }),
    [organization.id, permissions, activity],
  );
  const root = `/o/${organization.id}`;
  return (
    <OrganizationContext value={scope}>
      <div className="organization-bar">
        <OrganizationSwitcher current={organization} organizations={organizations} />
        <nav aria-label="Organisation" className="tabs">
          <NavLink to={root} end>
            Dashboard
          </NavLink>
          <NavLink to={`${root}/plans`}>Plans</NavLink>
          {permissions.has("members.read") && <NavLink to={`${root}/members`}>Members</NavLink>}
        </nav>
        <LivePill status={status} />
      </div>
      {outlet}
    </OrganizationContext>
  );
}
