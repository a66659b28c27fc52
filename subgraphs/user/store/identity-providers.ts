/** Statements on identity providers, whom they know, and who is there just now to sign in. */
import type { IdentityProviderModel } from "../../../prisma/user/generated/models/IdentityProvider.ts";
import type { IdentityProvider } from "../domain/identity-provider.ts";
import { OrganizationId, UserId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toProvider({ issuer, clientId, sealedSecret, ...row }: IdentityProviderModel): IdentityProvider {
  const { enforced, version, updatedAt } = row;
  const organizationId = OrganizationId.require(row.organizationId);
  return { organizationId, issuer, clientId, sealedSecret, enforced, version, updatedAt };
}

export async function findProvider(
  tx: UserTransaction,
  organizationId: OrganizationId,
): Promise<IdentityProvider | undefined> {
  const row = await tables(tx).identityProvider.findUnique({ where: { organizationId } });
  return row === null ? undefined : toProvider(row);
}

/** @returns it as it is now */
export async function putProvider(
  tx: UserTransaction,
  { organizationId, ...provider }: Omit<IdentityProvider, "version">,
): Promise<IdentityProvider> {
  const row = await tables(tx).identityProvider.upsert({
    where: { organizationId },
    create: { organizationId, ...provider },
    update: { ...provider, version: { increment: 1 } },
  });
  return toProvider(row);
}

export async function deleteProvider(tx: UserTransaction, organizationId: OrganizationId): Promise<void> {
  await tables(tx).identityProvider.delete({ where: { organizationId } });
}

/** Somebody at an organisation's provider. */
export interface ProviderSubject {
  readonly organizationId: OrganizationId;
  readonly issuer: string;
  readonly subject: string;
}

export async function findLinkedUser(tx: UserTransaction, subject: ProviderSubject): Promise<UserId | undefined> {
  const row = await tables(tx).providerAccount.findFirst({ where: subject, select: { userId: true } });
  return row === null ? undefined : UserId.require(row.userId);
}

/** Where a user is known, and as whom. */
export async function findProviderAccounts(tx: UserTransaction, userId: UserId): Promise<ProviderSubject[]> {
  const rows = await tables(tx).providerAccount.findMany({ where: { userId }, orderBy: { createdAt: "asc" } });
  return rows.map(({ organizationId, issuer, subject }) => {
    return { organizationId: OrganizationId.require(organizationId), issuer, subject };
  });
}

/** False when they have an account already. */
export async function linkUser(
  tx: UserTransaction,
  link: ProviderSubject & { readonly userId: UserId; readonly createdAt: Date },
): Promise<boolean> {
  return (await tables(tx).providerAccount.createMany({ data: [link], skipDuplicates: true })).count === 1;
}

export interface ProviderSignIn {
  readonly stateHash: string;
  readonly organizationId: OrganizationId;
  readonly secretHash: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly expiresAt: Date;
}

/** Attempts of the organisation that are over go. */
export async function insertProviderSignIn(tx: UserTransaction, attempt: ProviderSignIn, now: Date): Promise<void> {
  const { providerSignIn } = tables(tx);
  await providerSignIn.deleteMany({ where: { organizationId: attempt.organizationId, expiresAt: { lte: now } } });
  await providerSignIn.create({ data: attempt });
}

/** Once. @returns undefined for one that is over, was taken before, or was begun by another browser */
export async function takeProviderSignIn(
  tx: UserTransaction,
  { stateHash, secretHash, now }: Pick<ProviderSignIn, "stateHash" | "secretHash"> & { readonly now: Date },
): Promise<Pick<ProviderSignIn, "nonce" | "codeVerifier"> | undefined> {
  const { providerSignIn } = tables(tx);
  const where = { stateHash, secretHash, expiresAt: { gt: now } };
  const attempt = await providerSignIn.findFirst({ where, select: { nonce: true, codeVerifier: true } });
  if (attempt === null || (await providerSignIn.deleteMany({ where })).count !== 1) return undefined;
  return attempt;
}
