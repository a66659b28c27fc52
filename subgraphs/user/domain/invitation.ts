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
  readonly revokedAt: Date | null;
  /** When its mail was last asked for; null where that was not noted. */
  readonly sentAt: Date | null;
  readonly version: number;
}

/** How long an invitation can be accepted. */
export const INVITATION_LIFETIME_MS = 7 * 24 * 3_600_000;

/** Its mail is sent at most once in so long. */
export const INVITATION_PAUSE_MS = 60_000;
