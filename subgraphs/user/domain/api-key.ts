import type { ApiKeyStatus } from "../../../schema/generated/user.ts";
import type { ApiKeyId, OrganizationId, UserId } from "./ids.ts";

/** The service account of a program: it acts in one organisation. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** Names of permissions. */
  readonly scopes: readonly string[];
  /** Who gave it, or its newest secret. */
  readonly grantedById: UserId;
  /** The last four characters of the newest secret. */
  readonly hint: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
  readonly version: number;
}

/** Keys that are good at once, in one organisation. */
export const MAX_API_KEYS = 100;

/** How long the former secret of a rotated key may stay good, in hours. */
export const MAX_OVERLAP_HOURS = 168;

export function apiKeyStatus({ revokedAt, expiresAt }: ApiKey, now: Date): ApiKeyStatus {
  if (revokedAt !== null) return "REVOKED";
  return expiresAt !== null && expiresAt <= now ? "EXPIRED" : "ACTIVE";
}

/** What a key may do: what it was given, as far as whoever gave it may do so now. */
export function apiKeyPermissions(scopes: readonly string[], giverMay: ReadonlySet<string>): readonly string[] {
  return scopes.filter((scope) => giverMay.has(scope));
}

/** The first end of several; `null` where there is none. */
export function earliest(...ends: readonly (Date | null)[]): Date | null {
  const dates = ends.filter((end) => end !== null);
  return dates.length === 0 ? null : dates.reduce((first, date) => (date < first ? date : first));
}
