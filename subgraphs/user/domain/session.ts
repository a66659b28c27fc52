import type { SessionId, UserId } from "./ids.ts";

/** One sign-in on one device. */
export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly device: string | null;
  readonly ip: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly revokedReason: string | null;
  readonly version: number;
}

/** A token that trades for new ones; only its hash is known. */
export interface RefreshToken {
  readonly tokenHash: string;
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly createdAt: Date;
  /** When it was traded in. */
  readonly replacedAt: Date | null;
}
