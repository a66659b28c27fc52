/** Makes somebody a member. The transaction holds the organisation, or makes it. */
import type { CommandScope } from "../../../../platform/database/command.ts";
import type { MembershipId, OrganizationId, UserId } from "../../domain/ids.ts";
import type { Role } from "../../domain/organization.ts";
import { membershipCreated } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { insertMembership } from "../../store/memberships.ts";

export interface NewMember {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly roles: readonly Pick<Role, "id" | "name">[];
  /** Does this member create the organisation? */
  readonly founder: boolean;
  readonly joinedAt: Date;
}

export async function beginMembership(
  { ids }: Pick<UserServices, "ids">,
  { tx, emit }: CommandScope<UserTransaction>,
  { organizationId, userId, roles, founder, joinedAt }: NewMember,
): Promise<MembershipId> {
  const member = { id: ids.next("mem"), organizationId, userId };
  await insertMembership(tx, { ...member, founder, joinedAt, roleIds: roles.map(({ id }) => id) });
  emit(membershipCreated(member, roles));
  return member.id;
}
