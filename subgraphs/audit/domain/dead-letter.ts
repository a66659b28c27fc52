/** A record that a consumer gave up on, as operators deal with it. */
import { PLATFORM, type TenantId, tenantIdFrom } from "../../../platform/auth/principal-ids.ts";
import { DeadLetterStatus } from "../../../schema/generated/audit.ts";
import type { DeadLetterId } from "./ids.ts";

export { DeadLetterStatus };

export interface DeadLetter {
  readonly id: DeadLetterId;
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Of the record. */
  readonly key: string;
  /** Null, like the next two, when it cannot be read. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly eventSequence: bigint | null;
  readonly payload: string;
  /** Is the whole payload there? What was cut cannot be replayed. */
  readonly complete: boolean;
  readonly lastError: string;
  readonly attempts: number;
  readonly failures: number;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
  readonly status: DeadLetterStatus;
  readonly superseded: boolean;
  readonly replayId: string | null;
  readonly replayRequestedAt: Date | null;
  readonly resolvedAt: Date | null;
  /** Who asked for the last replay, or discarded it. */
  readonly resolvedBy: string | null;
  readonly resolution: string | null;
}

/** Whose chain tells of it: that of the record's key, or the platform's where the key is nobody's. */
export function ownerOfKey(key: string): TenantId {
  return tenantIdFrom(key) ?? PLATFORM;
}

/** A consumer that has not answered for this long has perhaps never been asked, in milliseconds. */
const ANSWER_OVERDUE_MS = 60_000;

/** May it be replayed or discarded without force? */
export function isOpen({ status, replayRequestedAt }: DeadLetter, now: Date): boolean {
  if (status === "OPEN") return true;
  return (
    status === "REPLAYING" &&
    replayRequestedAt !== null &&
    now.getTime() - replayRequestedAt.getTime() > ANSWER_OVERDUE_MS
  );
}
