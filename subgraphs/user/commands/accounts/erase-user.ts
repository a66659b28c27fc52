/**
 * Erases a person at their wish: everything about them here is deleted or made nobody's, and their address is free
 * again. Sessions, memberships and API keys that they gave end with it. An organisation that has other members keeps an
 * owner; one that has none is suspended, since its money and its audit trail are not theirs alone. Other subgraphs
 * erase upon `user.erased`.
 */

import { type CommandOutcome, type CommandScope, runCommand } from "../../../../platform/database/command.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { UserEraseInput } from "../../../../schema/generated/user.ts";
import type { Membership } from "../../domain/membership.ts";
import { isOpen } from "../../domain/organization.ts";
import { apiKeyRevoked, organizationSuspended, sessionRevoked, userErased } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { revokeApiKeys } from "../../store/api-keys.ts";
import type { UserTransaction } from "../../store/database.ts";
import { erasePerson } from "../../store/erasure.ts";
import {
  countMembers,
  findMembershipsOfUser,
  findOrganizationIdsOfUser,
  isLastOwner,
} from "../../store/memberships.ts";
import { lockOrganization, setOrganizationStatus } from "../../store/organizations.ts";
import { revokeSessions } from "../../store/sessions.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";
import { takeProof } from "../../validation/second-factor.ts";
import { endMembership } from "../memberships/end-membership.ts";

const SESSION_REASON = "user_erased";
const SUSPENSION_REASON = "Its only member was erased.";

/** @throws UserFailure `NOT_FOUND`, `INVALID`, `SECOND_FACTOR_REQUIRED`, `LIMIT_REACHED`, `STATE_INVALID` */
export async function eraseUser(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { id, password, ...proof }: UserEraseInput,
): Promise<CommandOutcome<{ erased: boolean }>> {
  if (id !== userId) throw refuse("NOT_FOUND", "There is no such user.", "id");
  await requireOwnPassword(services, userId, password);
  const { database, clock } = services;
  const organizationIds = await inTenants(database, [userId], (tx) => findOrganizationIdsOfUser(tx, userId));
  return runCommand(services, { tenants: [userId, ...organizationIds], causation }, async (scope) => {
    const { tx, emit } = scope;
    const now = clock.now();
    await lockUser(tx, userId);
    const user = await findUser(tx, userId);
    if (user?.status !== "ACTIVE") throw refuse("STATE_INVALID", "This account is not active.", "id");
    await takeProof(services, tx, userId, proof, { now, emit });
    const memberships = await findMembershipsOfUser(tx, userId);
    if (memberships.some(({ organizationId }) => !organizationIds.includes(organizationId))) {
      throw refuse("STATE_INVALID", "You joined an organisation just now: try again.", "id");
    }
    // In one order, so that two erasures do not wait for each other.
    const inOrder = memberships.toSorted((left, right) => (left.organizationId < right.organizationId ? -1 : 1));
    for (const membership of inOrder) await leave(scope, membership, now);
    for (const apiKey of await revokeApiKeys(tx, { grantedById: userId }, now)) emit(apiKeyRevoked(apiKey));
    for (const session of await revokeSessions(tx, { userId, reason: SESSION_REASON, now })) {
      emit(sessionRevoked(session, SESSION_REASON));
    }
    const { version } = await erasePerson(tx, user, { causation, now });
    emit(userErased(userId, version, now));
    return { erased: true };
  });
}

async function leave(scope: CommandScope<UserTransaction>, membership: Membership, now: Date): Promise<void> {
  const { tx, emit } = scope;
  const { organizationId } = membership;
  const organization = await lockOrganization(tx, organizationId);
  const isAlone = (await countMembers(tx, organizationId)) === 1;
  // One that is being deleted needs no owner any more.
  if (!isAlone && organization?.status !== "DELETING" && (await isLastOwner(tx, membership))) {
    const where = organization === undefined ? "an organisation" : `“${organization.name}”`;
    throw refuse("STATE_INVALID", `You are the last owner of ${where}: make somebody else an owner first.`, "id");
  }
  await endMembership(scope, membership, now);
  if (!isAlone || organization === undefined || !isOpen(organization)) return;
  const version = await setOrganizationStatus(tx, { id: organizationId, status: "SUSPENDED", now });
  emit(organizationSuspended(organizationId, version, SUSPENSION_REASON));
}
