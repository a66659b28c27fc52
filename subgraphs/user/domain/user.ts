import type { UserStatus } from "../../../schema/generated/user.ts";
import type { UserId } from "./ids.ts";

/** A person with an account, as others may see it: the password's hash stays in the store. */
export interface User {
  readonly id: UserId;
  readonly email: string;
  readonly emailVerifiedAt: Date | null;
  readonly displayName: string;
  /** BCP 47; null: not chosen. */
  readonly locale: string | null;
  /** IANA; null: not chosen. */
  readonly timeZone: string | null;
  readonly status: UserStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What signing in compares, and nothing else sees. */
export interface Credentials {
  readonly id: UserId;
  readonly status: UserStatus;
  readonly passwordHash: string;
}

/** What others are shown of somebody who was erased. */
export const ERASED_NAME = "Erased user";

/** An address that nobody has (RFC 2606): the account's old one is free again. */
export const erasedEmail = (id: UserId): string => `${id.replace("_", "-")}@erased.invalid`;

/** How long the link of a verification mail works. */
export const VERIFICATION_LIFETIME_MS = 24 * 3_600_000;

/** How long the link of a mail for a new password works. */
export const RESET_LIFETIME_MS = 60 * 60_000;
