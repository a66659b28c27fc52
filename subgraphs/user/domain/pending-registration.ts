import type { UserId } from "./ids.ts";
import type { PlanWish } from "./plan-wish.ts";

/** What somebody chose who opened an account, until its address is confirmed. */
export interface PendingRegistration {
  readonly id: string;
  readonly userId: UserId;
  readonly displayName: string;
  /** BCP 47; null: not chosen. */
  readonly locale: string | null;
  readonly passwordHash: string;
  /** Network address of whoever chose it; null where it is not known. */
  readonly ip: string | null;
  /** An organisation that is set up with the account; null: none. */
  readonly organizationName: string | null;
  /** What it starts with. */
  readonly plan: PlanWish | null;
  readonly createdAt: Date;
}

/** How many are kept for one address, the newest: each is tried when the address is confirmed. */
export const MAX_PENDING_REGISTRATIONS = 5;
