import type { MembershipId, OrganizationId, UserId } from "./ids.ts";

export interface Membership {
  readonly id: MembershipId;
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly version: number;
  readonly joinedAt: Date;
}
