/**
 * Removes what an organisation consists of when the grace of its deletion is over: memberships, invitations, API keys,
 * its plan here. It goes on where it was interrupted, and does nothing when somebody restored the organisation. Others
 * end upon `user.organization.deleted` what they keep for it.
 */
import { type CommandScope, runCommand } from "../../../platform/database/command.ts";
import { causedByService } from "../../../platform/events/service-causation.ts";
import { endMembership } from "../commands/memberships/end-membership.ts";
import type { OrganizationId } from "../domain/ids.ts";
import { apiKeyRevoked, invitationRevoked, organizationDeleted } from "../domain-events.ts";
import type { UserServices } from "../services.ts";
import { revokeApiKeys } from "../store/api-keys.ts";
import type { UserTransaction } from "../store/database.ts";
import { forgetOrganization } from "../store/erasure.ts";
import { revokeInvitations } from "../store/invitations.ts";
import { findFirstMemberships } from "../store/memberships.ts";
import { lockOrganization, markDeleted } from "../store/organizations.ts";
import { NAME } from "../subgraph-name.ts";

/** Memberships that one transaction ends. */
const BATCH = 100;

export type DeletionServices = Pick<UserServices, "database" | "outbox" | "clock" | "evict">;

export async function finishDeletion(services: DeletionServices, id: OrganizationId): Promise<void> {
  const causation = causedByService(NAME);
  for (let isOver = false; !isOver; ) {
    const { result } = await runCommand(services, { tenants: [id], causation }, (scope) => remove(scope, id, services));
    isOver = result;
  }
}

/** @returns whether nothing is left to do */
async function remove(
  scope: CommandScope<UserTransaction>,
  id: OrganizationId,
  { clock }: DeletionServices,
): Promise<boolean> {
  const { tx, emit } = scope;
  const now = clock.now();
  const organization = await lockOrganization(tx, id);
  if (organization?.deletesAt == null || organization.deletesAt > now) return true;
  for (const invitation of await revokeInvitations(tx, { organizationId: id }, now)) {
    emit(invitationRevoked(invitation, "organization_deleted"));
  }
  for (const apiKey of await revokeApiKeys(tx, { organizationId: id }, now)) emit(apiKeyRevoked(apiKey));
  const memberships = await findFirstMemberships(tx, id, BATCH);
  for (const membership of memberships) await endMembership(scope, membership, now);
  if (memberships.length === BATCH) return false;
  await forgetOrganization(tx, id);
  emit(organizationDeleted(id, await markDeleted(tx, { id, now })));
  return true;
}
