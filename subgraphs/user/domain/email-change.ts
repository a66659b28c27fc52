import type { UserId } from "./ids.ts";

/** A wish to move an account to another address. An account has one at most: the newest. */
export interface EmailChange {
  readonly id: string;
  readonly userId: UserId;
  /** The new address. */
  readonly email: string;
  readonly expiresAt: Date;
  /** By whoever reads the mail of the present address; null until then. */
  readonly approvedAt: Date | null;
  /** By whoever reads the mail of the new one: the account has moved. Null until then. */
  readonly completedAt: Date | null;
}

/** How long the links of both mails work, from the wish on. */
export const EMAIL_CHANGE_LIFETIME_MS = 24 * 3_600_000;
