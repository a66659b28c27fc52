/** The kinds of id that billing hands out. */
import { type Id, idKind } from "../../../platform/ids.ts";

export const AccountId = idKind("acc");
export type AccountId = Id<"acc">;

export const PaymentMethodId = idKind("pm");
export type PaymentMethodId = Id<"pm">;

export const PlanId = idKind("pln");
export type PlanId = Id<"pln">;

export const SubscriptionId = idKind("sub");
export type SubscriptionId = Id<"sub">;

export const InvoiceId = idKind("inv");
export type InvoiceId = Id<"inv">;

export const InvoiceLineId = idKind("lin");
export type InvoiceLineId = Id<"lin">;

export const PaymentId = idKind("pay");
export type PaymentId = Id<"pay">;

export const ProviderEventId = idKind("pev");
export type ProviderEventId = Id<"pev">;

export const UsageRecordId = idKind("usg");
export type UsageRecordId = Id<"usg">;

export const CreditNoteId = idKind("cn");
export type CreditNoteId = Id<"cn">;

export const RefundId = idKind("ref");
export type RefundId = Id<"ref">;

export const DisputeId = idKind("dsp");
export type DisputeId = Id<"dsp">;
