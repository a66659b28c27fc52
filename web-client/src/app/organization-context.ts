import { createContext, useContext } from "react";
import type { ActivityItem } from "../activity/feed.ts";

export interface OrganizationScope {
  readonly organizationId: string;
  readonly permissions: ReadonlySet<string>;
  readonly activity: readonly ActivityItem[];
}

export const OrganizationContext = createContext<OrganizationScope | undefined>(undefined);

/** The organisation whose pages are shown. */
export function useOrganization(): OrganizationScope {
  const scope = useContext(OrganizationContext);
  if (scope === undefined) throw new Error("used outside of an organisation's pages");
  return scope;
}
