/** Statements on API keys and their secrets. */
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { ApiKeyModel } from "../../../prisma/user/generated/models/ApiKey.ts";
import type { ApiKey } from "../domain/api-key.ts";
import { ApiKeyId, OrganizationId, UserId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toApiKey(row: ApiKeyModel): ApiKey {
  const { name, scopes, hint, createdAt, expiresAt, revokedAt, lastUsedAt, version } = row;
  return {
    id: ApiKeyId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    name,
    scopes,
    grantedById: UserId.require(row.grantedById),
    hint,
    createdAt,
    expiresAt,
    revokedAt,
    lastUsedAt,
    version,
  };
}

export async function findApiKeys(tx: UserTransaction, ids: readonly ApiKeyId[]): Promise<ApiKey[]> {
  const rows = await tables(tx).apiKey.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toApiKey);
}

/** Newest first. */
export async function pageApiKeys(
  tx: UserTransaction,
  organizationId: OrganizationId,
  page: Page,
): Promise<RowPage<ApiKey>> {
  const { where, orderBy, take } = keysetById(page, "descending");
  const { apiKey } = tables(tx);
  const rows = await apiKey.findMany({ where: { organizationId, ...where }, orderBy, take });
  const totalCount = page.counted ? await apiKey.count({ where: { organizationId } }) : null;
  return { rows: rows.map(toApiKey), totalCount };
}

/** Keys that were neither revoked nor have expired. */
export function countGoodApiKeys(tx: UserTransaction, organizationId: OrganizationId, now: Date): Promise<number> {
  const where = { organizationId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  return tables(tx).apiKey.count({ where });
}

export type NewApiKey = Omit<ApiKey, "revokedAt" | "lastUsedAt" | "version">;

export async function insertApiKey(tx: UserTransaction, { scopes, ...row }: NewApiKey): Promise<void> {
  await tables(tx).apiKey.create({ data: { ...row, scopes: [...scopes] } });
}

export interface NewApiKeySecret {
  readonly tokenHash: string;
  readonly apiKeyId: ApiKeyId;
  readonly organizationId: OrganizationId;
  readonly createdAt: Date;
}

export async function insertApiKeySecret(tx: UserTransaction, secret: NewApiKeySecret): Promise<void> {
  await tables(tx).apiKeySecret.create({ data: secret });
}

/** Lets the secrets that a key has end at a moment, unless they end before. */
export async function endApiKeySecrets(tx: UserTransaction, apiKeyId: ApiKeyId, endsAt: Date): Promise<void> {
  await tables(tx).apiKeySecret.updateMany({
    where: { apiKeyId, OR: [{ endsAt: null }, { endsAt: { gt: endsAt } }] },
    data: { endsAt },
  });
}

/** A key's newest secret is another one. @returns the key as it is now */
export async function markApiKeyRotated(
  tx: UserTransaction,
  id: ApiKeyId,
  rotated: { readonly hint: string; readonly grantedById: UserId },
): Promise<ApiKey> {
  return toApiKey(await tables(tx).apiKey.update({ where: { id }, data: { ...rotated, version: { increment: 1 } } }));
}

/** @returns the key as it is now; undefined when it was revoked before */
export async function markApiKeyRevoked(tx: UserTransaction, id: ApiKeyId, now: Date): Promise<ApiKey | undefined> {
  const [row] = await tables(tx).apiKey.updateManyAndReturn({
    where: { id, revokedAt: null },
    data: { revokedAt: now, version: { increment: 1 } },
  });
  return row === undefined ? undefined : toApiKey(row);
}

/**
 * Ends all of an organisation, or all that a user made or rotated last. @returns the keys as they are now
 */
export async function revokeApiKeys(
  tx: UserTransaction,
  which: { readonly organizationId: OrganizationId } | { readonly grantedById: UserId },
  now: Date,
): Promise<ApiKey[]> {
  const rows = await tables(tx).apiKey.updateManyAndReturn({
    where: { ...which, revokedAt: null },
    data: { revokedAt: now, version: { increment: 1 } },
  });
  return rows.map(toApiKey);
}

export interface ApiKeyBySecret {
  readonly apiKey: ApiKey;
  /** When this secret ends; null: with the key. */
  readonly endsAt: Date | null;
}

export async function findApiKeyBySecret(tx: UserTransaction, tokenHash: string): Promise<ApiKeyBySecret | undefined> {
  const row = await tables(tx).apiKeySecret.findUnique({
    where: { tokenHash },
    select: { endsAt: true, apiKey: true },
  });
  return row === null ? undefined : { apiKey: toApiKey(row.apiKey), endsAt: row.endsAt };
}

/** Notes that a key was used, at most once in a while. */
export async function touchApiKey(
  tx: UserTransaction,
  id: ApiKeyId,
  { now, notAfter }: { readonly now: Date; readonly notAfter: Date },
): Promise<void> {
  await tables(tx).apiKey.updateMany({
    where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: notAfter } }] },
    data: { lastUsedAt: now },
  });
}
