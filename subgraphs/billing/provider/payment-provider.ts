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

export interface ChargeRequest {
  /** The same key is the same charge: it moves money once however often it is asked for, also at the same time. */
  readonly idempotencyKey: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Of the attached method. */
  readonly reference: string;
}

export interface ChargeResult {
  /** `PROCESSING`: the outcome is not known yet, ask again with `retrieve`. */
  readonly status: "SUCCEEDED" | "FAILED" | "PROCESSING";
  readonly providerRef: string;
  /** Set when `status` is `FAILED`, e.g. `card_declined`. */
  readonly failureCode?: string;
}

export interface PaymentProvider {
  /** Stored with methods and payments. */
  readonly name: string;
  /**
   * Exchanges a token of the provider's form for a stored method. The same key answers the same. Rejects when the
   * provider cannot be reached.
   */
  attach(request: { readonly idempotencyKey: string; readonly token: string }): Promise<AttachResult>;
  /** Gives a method up: it can be charged no more. One that is unknown, or was given up, is no error. */
  detach(reference: string): Promise<void>;
  /**
   * Rejects when the outcome is unknown (unreachable, timeout): the money may or may not have moved. Ask again with the
   * same key.
   */
  charge(request: ChargeRequest): Promise<ChargeResult>;
  /** The current state of a charge, also after either side was restarted. */
  retrieve(providerRef: string): Promise<ChargeResult>;
}
