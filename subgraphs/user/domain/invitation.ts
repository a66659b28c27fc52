import type { InvitationId, OrganizationId, RoleId, UserId } from "./ids.ts";

export interface Invitation {
  readonly id: InvitationId;
  readonly organizationId: OrganizationId;
  readonly email: string;
  readonly roleIds: readonly RoleId[];
  readonly invitedById: UserId;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly acceptedAt: Date | null;
  readonly version: number;
}

/** How long an invitation can be accepted. */
export const INVITATION_LIFETIME_MS = 7 * 24 * 3_600_000;
