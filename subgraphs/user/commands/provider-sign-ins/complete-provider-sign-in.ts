/**
 * Signs in whom an organisation's provider sent back. The provider speaks for addresses of the organisation's domains
 * and for no others. Whoever comes for the first time gets an account and joins as a member; whoever was removed later
 * on is not brought back.
 */
import { randomBytes } from "node:crypto";
import { type CommandOutcome, type CommandScope, runCommand } from "../../../../platform/database/command.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { refuse, type UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import { mailDomainOf, parseEmailAddress } from "../../../../platform/validation/email-address.ts";
import type { ProviderSignInCompleteInput } from "../../../../schema/generated/user.ts";
import { browserSecretHash } from "../../credentials/browser-secret.ts";
import { type ParsedToken, PROVIDER_STATE, parseToken } from "../../credentials/opaque-token.ts";
import type { OrganizationId, UserId } from "../../domain/ids.ts";
import { requireActive } from "../../errors.ts";
import { type ProviderClaims, ProviderUnreachable, type SignInSecrets } from "../../providers/open-id-provider.ts";
import { findProviderOf, providerClient } from "../../providers/provider-client.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { findLinkedUser, linkUser, type ProviderSubject, takeProviderSignIn } from "../../store/identity-providers.ts";
import { isMember } from "../../store/memberships.ts";
import { findDomainsOf } from "../../store/organization-domains.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findRolesOfOrganizations } from "../../store/roles.ts";
import { findUser, findUserByEmail } from "../../store/users.ts";
import { requireSeatToTake } from "../../validation/seats.ts";
import { displayNameFrom, readDevice } from "../../validation/text.ts";
import { beginMembership } from "../memberships/begin-membership.ts";
import { type SignedIn, startSession } from "../sessions/start-session.ts";
import { openProviderAccount } from "./open-provider-account.ts";

/** Of whoever joins by signing in. */
const FIRST_ROLE = "MEMBER";

const over = (): UserFailure => refuse("EXPIRED", "This sign-in is over: begin again.", "query");
const notConfirmed = (): UserFailure =>
  refuse("INVALID", "Your organisation's sign-in did not confirm who you are: begin again.", "query");

/**
 * @throws UserFailure `EXPIRED`, `INVALID`, `FORBIDDEN`, `STATE_INVALID`, `TOO_LONG`, `LIMIT_REACHED`
 * @throws AppError `SERVICE_UNAVAILABLE` when the provider does not answer
 */
export async function completeProviderSignIn(
  services: UserServices,
  cause: Cause,
  { query, secret, device }: ProviderSignInCompleteInput,
): Promise<CommandOutcome<SignedIn>> {
  const deviceName = readDevice(device);
  const state = new URLSearchParams(query).get("state") ?? "";
  const parsed = parseToken(PROVIDER_STATE, state);
  if (parsed === undefined) throw over();
  const organizationId = parsed.ownerId;
  const attempt = await takeAttempt(services, parsed, secret);
  const claims = await confirm(services, organizationId, { state, ...attempt }, query);
  const userId = await accountOf(services, cause, organizationId, claims);
  return startSession(services, cause, { userId, device: deviceName, provedBy: organizationId });
}

async function takeAttempt(
  { database, clock }: UserServices,
  { ownerId, hash }: ParsedToken<"org">,
  secret: string,
): Promise<Omit<SignInSecrets, "state">> {
  const wanted = { stateHash: hash, secretHash: browserSecretHash(secret), now: clock.now() };
  const attempt = await inTenants(database, [ownerId], (tx) => takeProviderSignIn(tx, wanted));
  if (attempt === undefined) throw over();
  return attempt;
}

/** Whom the provider confirmed, with an address that it may speak for. */
interface Confirmed extends ProviderClaims {
  readonly issuer: string;
}

async function confirm(
  services: UserServices,
  organizationId: OrganizationId,
  secrets: SignInSecrets,
  query: string,
): Promise<Confirmed> {
  const provider = await findProviderOf(services, organizationId);
  if (provider === undefined) throw over();
  const claims = await services.providers
    .confirm(providerClient(services, provider), secrets, query)
    .catch((error: unknown) => {
      if (!(error instanceof ProviderUnreachable)) throw notConfirmed();
      throw new AppError("SERVICE_UNAVAILABLE", "Your organisation's sign-in does not answer: begin again shortly.", {
        cause: error,
      });
    });
  const email = parseEmailAddress(claims.email);
  if (email === undefined || !claims.emailVerified) throw notConfirmed();
  return { ...claims, email, issuer: provider.issuer };
}

/** @returns whose account it is: the one that is linked, the one with the address, or a new one */
async function accountOf(
  services: UserServices,
  { causation }: Cause,
  organizationId: OrganizationId,
  { issuer, subject, email, name }: Confirmed,
): Promise<UserId> {
  const { database, ids, clock, passwords } = services;
  const who = { organizationId, issuer, subject };
  const linked = await inTenants(database, [organizationId], async (tx) => {
    const userId = await findLinkedUser(tx, who);
    // It may have been moved to an address that the organisation has no say about.
    if (userId !== undefined) await requireSpokenFor(tx, organizationId, (await findUser(tx, userId))?.email ?? "");
    return userId;
  });
  if (linked !== undefined) return linked;
  const existing = await findUserByEmail(database.autocommit, email);
  const id = existing?.id ?? ids.next("usr");
  // Nobody knows it until the owner chooses another. It is hashed here, where that holds nobody up.
  const passwordHash = await passwords.hash(randomBytes(32).toString("base64url"));
  const user = { id, email, displayName: displayNameFrom(name ?? "", email), locale: null, passwordHash };
  const { result } = await runCommand(services, { tenants: [id, organizationId], causation }, async (scope) => {
    const now = clock.now();
    requireActive(await lockOrganization(scope.tx, organizationId));
    await requireSpokenFor(scope.tx, organizationId, email);
    await openProviderAccount(scope, user, { causation, now });
    await join(services, scope, { ...who, userId: id }, now);
    return { id };
  });
  return result.id;
}

/** @throws UserFailure `FORBIDDEN` for an address that is in none of the organisation's domains */
async function requireSpokenFor(tx: UserTransaction, organizationId: OrganizationId, email: string): Promise<void> {
  const domains = await findDomainsOf(tx, organizationId);
  const domain = mailDomainOf(email);
  if (domains.some((own) => own.verifiedAt !== null && own.domain === domain)) return;
  throw refuse("FORBIDDEN", "Your organisation's sign-in does not speak for the address of your account.", "query");
}

async function join(
  services: Pick<UserServices, "ids">,
  scope: CommandScope<UserTransaction>,
  { userId, ...who }: ProviderSubject & { readonly userId: UserId },
  joinedAt: Date,
): Promise<void> {
  const { tx } = scope;
  const { organizationId } = who;
  const isFirst = await linkUser(tx, { ...who, userId, createdAt: joinedAt });
  if (!isFirst || (await isMember(tx, organizationId, userId))) return;
  await requireSeatToTake(tx, organizationId);
  const roles = (await findRolesOfOrganizations(tx, [organizationId])).filter(
    ({ name, builtIn }) => builtIn && name === FIRST_ROLE,
  );
  await beginMembership(services, scope, { organizationId, userId, roles, founder: false, joinedAt });
}
