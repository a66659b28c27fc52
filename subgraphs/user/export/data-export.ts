/**
 * Everything that the user subgraph keeps about a person, as they may see it: what the account is and was, where it
 * signed in, where it belongs, which mails it got. Secrets and their hashes are left out.
 */
import type { TenantReader } from "../../../platform/database/tenant-reader.ts";
import type { UserId } from "../domain/ids.ts";
import type { UserTransaction } from "../store/database.ts";
import { findEmailChange } from "../store/email-changes.ts";
import { findEmails } from "../store/email-deliveries.ts";
import { findEmailSubscriptions } from "../store/email-subscriptions.ts";
import { findProviderAccounts } from "../store/identity-providers.ts";
import { findMembershipsOfUser } from "../store/memberships.ts";
import { findOrganizations } from "../store/organizations.ts";
import { findPasskeys } from "../store/passkeys.ts";
import { findProfileEvents } from "../store/profile-events.ts";
import { findRolesOfMemberships } from "../store/roles.ts";
import { countRecoveryCodes, findSecondFactor } from "../store/second-factors.ts";
import { findSessionsOfUser } from "../store/sessions.ts";
import { findUser } from "../store/users.ts";

export type DataExport = Readonly<Record<string, unknown>>;

/** @param read as the person themselves. @param now when it is made */
export function exportData(read: TenantReader<UserTransaction>, userId: UserId, now: Date): Promise<DataExport> {
  return read(async (tx) => {
    const memberships = await findMembershipsOfUser(tx, userId);
    const organizations = await findOrganizations(
      tx,
      memberships.map(({ organizationId }) => organizationId),
    );
    const roles = await findRolesOfMemberships(
      tx,
      memberships.map(({ id }) => id),
    );
    const factor = await findSecondFactor(tx, userId);
    const change = await findEmailChange(tx, userId);
    return {
      exportedAt: now,
      account: (await findUser(tx, userId)) ?? null,
      history: await findProfileEvents(tx, userId),
      emailChange: change === undefined ? null : { email: change.email, expiresAt: change.expiresAt },
      secondFactor:
        factor === undefined
          ? null
          : { createdAt: factor.createdAt, recoveryCodesLeft: await countRecoveryCodes(tx, userId) },
      passkeys: (await findPasskeys(tx, userId)).map(({ id, name, createdAt, lastUsedAt }) => {
        return { id, name, createdAt, lastUsedAt };
      }),
      providers: await findProviderAccounts(tx, userId),
      sessions: await findSessionsOfUser(tx, userId),
      memberships: memberships.map((membership) => ({
        ...membership,
        organization: organizations.find(({ id }) => id === membership.organizationId)?.name ?? null,
        roles: (roles.get(membership.id) ?? []).map(({ name }) => name),
      })),
      emailSubscriptions: await findEmailSubscriptions(tx, userId),
      mails: await findEmails(tx, userId),
    };
  });
}
