import type { OrganizationStatus } from "../../../schema/generated/user.ts";
import type { OrganizationId, RoleId } from "./ids.ts";

export interface Organization {
  readonly id: OrganizationId;
  readonly slug: string;
  readonly name: string;
  readonly status: OrganizationStatus;
  /** Whether only those members may work in it who have a second factor. */
  readonly requiresSecondFactor: boolean;
  /** When it is gone; null while it is not being deleted. */
  readonly deletesAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Whether its members may work in it. */
export const isOpen = ({ status }: Pick<Organization, "status">): boolean =>
  status === "ACTIVE" || status === "PROVISIONING";

/** A set of permissions that members of an organisation hold. */
export interface Role {
  readonly id: RoleId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly permissions: readonly string[];
  /** Every organisation has it, and it cannot be changed. */
  readonly builtIn: boolean;
}
