/** What a user may do where, as it stands now. The signed header tells it as it stood when the gateway last asked. */
import type { Grants } from "../../platform/auth/identity.ts";
import { inTenants } from "../../platform/database/tenant-transaction.ts";
import type { UserClient } from "../../prisma/user/client.ts";
import { findGrants, findOrganizationIdsOfUser } from "./store/memberships.ts";

export async function readGrants(client: UserClient, userId: string): Promise<Grants> {
  const organizationIds = await inTenants(client, [userId], (tx) => findOrganizationIdsOfUser(tx, userId));
  if (organizationIds.length === 0) return new Map();
  // Read again within the organisations: only there the roles are visible, and a membership that ended meanwhile is gone.
  return inTenants(client, [userId, ...organizationIds], (tx) => findGrants(tx, userId));
}
