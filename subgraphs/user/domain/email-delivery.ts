import type { EmailStatus } from "../../../schema/generated/user.ts";

/** A mail that an event called for, and what became of it. `CANCELLED` and `BOUNCED` are final; `SENT` may bounce. */
export interface EmailDelivery {
  /** Of the event that called for it; these ids rise with time. */
  readonly eventId: string;
  readonly template: string;
  /** Null until it is sent for the first time. */
  readonly recipient: string | null;
  readonly status: EmailStatus;
  readonly attempts: number;
  /** What the mail server said. */
  readonly lastError: string | null;
  readonly requestedAt: Date;
  readonly sentAt: Date | null;
}

/** What a mail says beside what is looked up when it is sent, as its event told it. Plain JSON that names nobody. */
export type MailFacts = Readonly<Record<string, unknown>>;

/** Something that happened to a mail. */
export interface EmailStep {
  readonly status: EmailStatus;
  readonly at: Date;
  /** What the mail server said. */
  readonly detail: string | null;
}

export interface EmailStatistics {
  readonly sent: number;
  readonly bounced: number;
  readonly failed: number;
  readonly pending: number;
  /** From 0 to 1; null when no mail is decided. */
  readonly deliveryRate: number | null;
}

export function statisticsOf(counts: ReadonlyMap<EmailStatus, number>): EmailStatistics {
  const count = (status: EmailStatus) => counts.get(status) ?? 0;
  const sent = count("SENT");
  const failed = count("FAILED");
  const bounced = count("BOUNCED");
  const decided = sent + failed + bounced;
  const deliveryRate = decided === 0 ? null : sent / decided;
  return { sent, bounced, failed, pending: count("REQUESTED") + count("SENDING"), deliveryRate };
}
