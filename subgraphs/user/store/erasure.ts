/**
 * Statements that erase a person or an organisation. What only they need is deleted; what others refer to stays,
 * without anything about them. The transaction holds the user, or the organisation.
 */
import type { OrganizationId, UserId } from "../domain/ids.ts";
import { ERASED_NAME, erasedEmail, type User } from "../domain/user.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";
import { type ProfileCause, restartHistory } from "./users.ts";

/** @returns the account as it is from now on */
export async function erasePerson(
  tx: UserTransaction,
  { id: userId, email }: Pick<User, "id" | "email">,
  cause: ProfileCause,
): Promise<User> {
  await deleteSecrets(tx, userId);
  const stored = tables(tx);
  const nowhere = { device: null, ip: null, userAgent: null };
  await stored.session.updateMany({ where: { userId }, data: nowhere });
  // Also what organisations sent to this address, as far as the transaction sees it.
  const mails = { OR: [{ tenantId: userId }, { recipient: email }] };
  await stored.emailStep.updateMany({ where: { delivery: mails }, data: { detail: null } });
  await stored.emailDelivery.updateMany({ where: mails, data: { recipient: null, lastError: null } });
  await stored.invitation.updateMany({ where: { email }, data: { email: erasedEmail(userId) } });
  return restartHistory(tx, userId, {
    type: "ERASED",
    set: {
      ...{ email: erasedEmail(userId), emailVerifiedAt: null, displayName: ERASED_NAME, locale: null, timeZone: null },
      ...{ status: "ERASED", passwordHash: NO_PASSWORD, resetRequestedAt: null, hasSecondFactor: false },
    },
    cause,
  });
}

/** The hash of no password. */
const NO_PASSWORD = "erased";

/** Links, tokens, codes, and what was chosen before the address was confirmed. */
async function deleteSecrets(tx: UserTransaction, userId: UserId): Promise<void> {
  const mine = { where: { userId } };
  const stored = tables(tx);
  await stored.emailVerification.deleteMany(mine);
  await stored.pendingRegistration.deleteMany(mine);
  await stored.passwordReset.deleteMany(mine);
  await stored.emailChange.deleteMany(mine);
  await stored.unsubscribedTopic.deleteMany(mine);
  await stored.recoveryCode.deleteMany(mine);
  await stored.passkeyChallenge.deleteMany(mine);
  await stored.passkey.deleteMany(mine);
  await stored.providerAccount.deleteMany(mine);
  await stored.secondFactor.deleteMany(mine);
  await stored.refreshToken.deleteMany(mine);
}

/** What an organisation leaves behind that names people: addresses of those who were invited or got mails. */
export async function forgetOrganization(tx: UserTransaction, organizationId: OrganizationId): Promise<void> {
  const own = { where: { organizationId } };
  const mails = { tenantId: organizationId };
  const stored = tables(tx);
  await stored.invitationToken.deleteMany(own);
  await stored.invitation.deleteMany(own);
  await stored.organizationPlan.deleteMany(own);
  await stored.organizationEntitlement.deleteMany(own);
  await stored.billingContact.deleteMany(own);
  await stored.providerSignIn.deleteMany(own);
  await stored.providerAccount.deleteMany(own);
  await stored.identityProvider.deleteMany(own);
  await stored.organizationDomain.deleteMany(own);
  await stored.emailStep.updateMany({ where: { delivery: mails }, data: { detail: null } });
  await stored.emailDelivery.updateMany({ where: mails, data: { recipient: null, lastError: null } });
}
