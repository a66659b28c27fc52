/**
 * Confirms an e-mail address with the token from the mail. What becomes of the account is what its owner chose, and
 * nobody else: the token proves the mailbox, and the password tells whose registration it is. It may be left out where
 * there is one registration, and the link is opened where that was made. A link that is opened again says so. An
 * organisation that was asked for is founded in the same transaction.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { EmailVerifyInput } from "../../../../schema/generated/user.ts";
import { parseToken, VERIFICATION_TOKEN } from "../../credentials/opaque-token.ts";
import type { PendingRegistration } from "../../domain/pending-registration.ts";
import type { Slug } from "../../domain/slug.ts";
import type { User } from "../../domain/user.ts";
import { foundOrganization, withFreeSlug } from "../../provisioning/found-organization.ts";
import { confirmAddress } from "../../registrations/confirm-address.ts";
import type { UserServices } from "../../services.ts";
import { consumeVerification, findVerification } from "../../store/email-verifications.ts";
import { findPendingRegistrations } from "../../store/pending-registrations.ts";
import { findUser, lockUser } from "../../store/users.ts";

export interface VerifiedEmail {
  readonly user: User;
  /** The address was confirmed before. */
  readonly alreadyVerified: boolean;
}

/** @throws UserFailure `EXPIRED`, `BLANK` or `INVALID` for the password */
export async function verifyEmail(
  services: UserServices,
  { causation, client }: Cause,
  { token, password }: EmailVerifyInput,
): Promise<CommandOutcome<VerifiedEmail>> {
  // One answer for a malformed, unknown and expired token: none of them says more than "ask for a new one".
  const expired = refuse("EXPIRED", "This link is no longer valid: ask for a new one.", "token");
  const parsed = parseToken(VERIFICATION_TOKEN, token);
  if (parsed === undefined) throw expired;
  const { ownerId: userId, hash: tokenHash } = parsed;
  const { database, clock } = services;
  const { user, pending } = await inTenants(database, [userId], async (tx) => {
    if ((await findVerification(tx, { userId, tokenHash, now: clock.now() })) === undefined) throw expired;
    return { user: await findUser(tx, userId), pending: await findPendingRegistrations(tx, userId) };
  });
  if (user?.status === "ACTIVE") return { replayed: false, result: { user, alreadyVerified: true } };
  if (user?.status !== "PENDING_VERIFICATION") throw expired;
  const chosen = await chooseRegistration(services, pending, client, password ?? "");
  const { organizationName: name, plan } = chosen;
  const id = services.ids.next("org");
  const tryWith = (slug?: Slug) =>
    runCommand(services, { tenants: [userId, id], causation }, async (scope) => {
      const { tx } = scope;
      const now = clock.now();
      await lockUser(tx, userId);
      // Again: a registration that came meanwhile makes it doubtful whose this is, unless the password told it.
      const others = (await findPendingRegistrations(tx, userId)).filter(({ id }) => id !== chosen.id);
      if (others.length > 0 && !password) throw passwordNeeded();
      if (!(await consumeVerification(tx, { userId, tokenHash, now }))) throw expired;
      const activated = await confirmAddress(scope, chosen, { causation, now });
      if (activated === undefined) throw expired;
      if (name !== null && slug !== undefined) {
        await foundOrganization(services, scope, {
          id,
          name,
          slug,
          founderId: userId,
          plan: plan ?? undefined,
          causation,
        });
      }
      return { user: activated, alreadyVerified: false };
    });
  return name === null ? tryWith() : withFreeSlug(name, tryWith);
}

const passwordNeeded = () =>
  refuse("BLANK", "Enter the password that you chose when you opened the account.", "password");

async function chooseRegistration(
  { passwords }: Pick<UserServices, "passwords">,
  pending: readonly PendingRegistration[],
  client: Cause["client"],
  password: string,
): Promise<PendingRegistration> {
  const [only, ...others] = pending;
  if (password === "") {
    if (only === undefined || others.length > 0 || !isFrom(only, client)) throw passwordNeeded();
    return only;
  }
  for (const registration of pending) {
    if (await passwords.verify(password, registration.passwordHash)) return registration;
  }
  throw refuse("INVALID", "This is not the password that was chosen when the account was opened.", "password");
}

/** Whether the registration was made from the same place; one from before that was noted counts. */
function isFrom({ ip }: PendingRegistration, client: Cause["client"]): boolean {
  return ip === null || ip === client.ip;
}
