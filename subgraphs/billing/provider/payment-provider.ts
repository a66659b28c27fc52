/**
 * The `PaymentProvider` port: it stores cards and moves money. It is called between transactions, never inside one.
 * Every call may be repeated after a crash, so adapters must be idempotent as their members say.
 */

/** A payment method as the provider keeps it. */
export interface AttachedMethod {
  readonly kind: string;
  readonly brand: string | null;
  /** The last four digits, for people to recognise it. */
  readonly last4: string | null;
  /** The month in which the card ends, 1 to 12; null where it does not, or where the provider does not say. */
  readonly expMonth: number | null;
  readonly expYear: number | null;
  /** The same for the same card, whatever token it came by; null where the provider tells none. */
  readonly fingerprint: string | null;
  /** The provider's handle; charges name it. */
  readonly reference: string;
}

export type AttachResult =
  | ({ readonly status: "ATTACHED" } & AttachedMethod)
  /** `reason` is shown to the user. */
  | { readonly status: "REFUSED"; readonly reason: string };

export interface AttachRequest {
  readonly idempotencyKey: string;
  /** Of the provider's form. */
  readonly token: string;
  /** Whose card it is, by our name. */
  readonly customer: string;
}

export interface ChargeRequest {
  /** The same key is the same charge: it moves money once however often it is asked for, also at the same time. */
  readonly idempotencyKey: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Of the attached method. */
  readonly reference: string;
  /** Whose charge it is; notices bring it back. */
  readonly organizationId: string;
  /** When it was asked for first: an answer may have been lost since. */
  readonly askedAt: Date;
  /** Whether somebody is there who can confirm it, e.g. by 3-D Secure. */
  readonly isPayerPresent: boolean;
}

export interface ChargeResult {
  /** `PROCESSING`: the outcome is not known yet, ask again with `retrieve`. */
  readonly status: "SUCCEEDED" | "FAILED" | "PROCESSING";
  readonly providerRef: string;
  /** Set when `status` is `FAILED`, e.g. `card_declined`. */
  readonly failureCode?: string;
  /** With `PROCESSING`: where the payer confirms the charge, which waits for that. */
  readonly actionUrl?: string;
}

export interface RefundRequest {
  /** The same key is the same refund. */
  readonly idempotencyKey: string;
  /** Of the charge. */
  readonly providerRef: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly organizationId: string;
  /** When it was asked for first: an answer may have been lost since. */
  readonly askedAt: Date;
}

export type RefundResult = Omit<ChargeResult, "actionUrl">;

/** What the provider tells of its own accord, in whatever order and however often. */
export interface ProviderNotice {
  /** The same for each time it is told. */
  readonly id: string;
  /** As the provider calls it, e.g. `payment_intent.succeeded`. */
  readonly type: string;
  /** Undefined: it is about nothing of ours. */
  readonly about: NoticeSubject | undefined;
}

/** What a notice is about. How that stands is asked then: a notice may be old. */
export interface NoticeSubject {
  readonly organizationId: string;
  readonly kind: "CHARGE" | "REFUND" | "DISPUTE";
  /** The idempotency key that we asked with; of a dispute, that of its charge. */
  readonly key: string;
  /** Of what it is about. */
  readonly providerRef: string;
}

/** Somebody asks for money back at their bank. Source: docs.stripe.com/disputes */
export interface DisputeState {
  readonly status: "OPEN" | "WON" | "LOST";
  /** As the provider calls it, e.g. `fraudulent`. */
  readonly reason: string;
  readonly amountMinor: bigint;
}

export interface SignedNotice {
  readonly body: Buffer;
  /** The header that signs it; undefined where it is missing. */
  readonly signature: string | undefined;
}

export interface PaymentProvider {
  /** Stored with methods and payments; the last part of its webhook's address. */
  readonly name: string;
  /** It moves no real money. */
  readonly isTest: boolean;
  /** Header that signs its webhooks, in lower case. */
  readonly signatureHeader: string;
  /**
   * Exchanges a token of the provider's form for a stored method. The same key answers the same. Rejects when the
   * provider cannot be reached.
   */
  attach(request: AttachRequest): Promise<AttachResult>;
  /** Gives a method up: it can be charged no more. One that is unknown, or was given up, is no error. */
  detach(reference: string): Promise<void>;
  /**
   * Rejects when the outcome is unknown (unreachable, timeout): the money may or may not have moved. Ask again with the
   * same key.
   */
  charge(request: ChargeRequest): Promise<ChargeResult>;
  /** The current state of a charge, also after either side was restarted. */
  retrieve(providerRef: string): Promise<ChargeResult>;
  /** Ends a charge that waits for its payer. @returns how it ended: it may have succeeded just before */
  cancel(providerRef: string): Promise<ChargeResult>;
  /** Rejects as `charge` does. */
  refund(request: RefundRequest): Promise<RefundResult>;
  retrieveRefund(providerRef: string): Promise<RefundResult>;
  retrieveDispute(providerRef: string): Promise<DisputeState>;
  /**
   * Reads what came to the webhook.
   * @throws AppError `BAD_REQUEST` for what the provider did not sign, or longer ago than five minutes
   */
  readNotice(signed: SignedNotice): Promise<ProviderNotice>;
}
