/**
 * Seats of an organisation's plan. Without a plan there is no limit. A plan with fewer seats than members takes
 * nobody's away: it only lets nobody in. The caller holds the organisation, so that two who come at once do not take
 * one seat.
 */
import { refuse, type UserFailure } from "../../../platform/errors/user-failure.ts";
import type { OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "../store/database.ts";
import { countPending } from "../store/invitations.ts";
import { countMembers } from "../store/memberships.ts";
import { findGrantedLimit } from "../store/organization-entitlements.ts";

const SEATS = "seats";

/** One for somebody who is invited. @throws UserFailure `LIMIT_REACHED` when members and open invitations have all */
export async function requireSeatToOffer(
  tx: UserTransaction,
  organizationId: OrganizationId,
  now: Date,
): Promise<void> {
  const limit = await findGrantedLimit(tx, organizationId, SEATS);
  if (limit == null) return;
  const taken = await countMembers(tx, organizationId);
  const offered = await countPending(tx, { organizationId, now });
  if (BigInt(taken + offered) >= limit) throw allTaken(limit);
}

/** One for somebody who joins: what they were offered may be gone since. @throws UserFailure `LIMIT_REACHED` */
export async function requireSeatToTake(tx: UserTransaction, organizationId: OrganizationId): Promise<void> {
  const limit = await findGrantedLimit(tx, organizationId, SEATS);
  if (limit != null && BigInt(await countMembers(tx, organizationId)) >= limit) throw allTaken(limit);
}

function allTaken(limit: bigint): UserFailure {
  return refuse("LIMIT_REACHED", `All ${limit} seats of the plan are taken or offered: choose a larger plan.`);
}
