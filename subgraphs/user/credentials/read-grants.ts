/** What a user may do where, as it is now. The signed header tells it as it was when the gateway last asked. */
import type { Grants } from "../../../platform/auth/identity.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { SessionId, UserId } from "../domain/ids.ts";
import type { UserDatabase } from "../store/database.ts";
import { findOrganizationIdsOfUser } from "../store/memberships.ts";
import { findGrants } from "../store/roles.ts";

/** @param sessionId by which the user acts */
export async function readGrants(database: UserDatabase, userId: UserId, sessionId?: SessionId): Promise<Grants> {
  const organizationIds = await inTenants(database, [userId], (tx) => findOrganizationIdsOfUser(tx, userId));
  if (organizationIds.length === 0) return new Map();
  // Read again within the organisations: only there the roles are visible, and a membership that ended meanwhile is
  // gone.
  return inTenants(database, [userId, ...organizationIds], (tx) => findGrants(tx, userId, sessionId));
}
