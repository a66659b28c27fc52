/** To whom an account's invoices are made out, and where mails about money go. */
export interface BillingDetails {
  /** Null: the owners of the organisation are written to. */
  readonly billingEmail: string | null;
  readonly taxId: string | null;
  readonly address: BillingAddress | null;
}

export interface BillingAddress {
  /** Of the payer, a company or a person. */
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly postalCode: string | null;
  readonly city: string;
  readonly region: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

/** What an invoice says of its payer, for good. */
export type BillTo = Pick<BillingDetails, "taxId" | "address">;

export const NO_DETAILS: BillingDetails = { billingEmail: null, taxId: null, address: null };

/** @returns undefined where nobody said to whom invoices are made out */
export function billToOf({ taxId, address }: BillingDetails): BillTo | undefined {
  return taxId === null && address === null ? undefined : { taxId, address };
}

/** Names of the details that have another value, as the API calls them. */
export function changedDetails(before: BillingDetails, after: BillingDetails): (keyof BillingDetails)[] {
  const changed: (keyof BillingDetails)[] = [];
  if (before.billingEmail !== after.billingEmail) changed.push("billingEmail");
  if (before.taxId !== after.taxId) changed.push("taxId");
  if (!isSameAddress(before.address, after.address)) changed.push("address");
  return changed;
}

const PARTS = [
  "name",
  "line1",
  "line2",
  "postalCode",
  "city",
  "region",
  "country",
] as const satisfies readonly (keyof BillingAddress)[];

function isSameAddress(one: BillingAddress | null, other: BillingAddress | null): boolean {
  if (one === null || other === null) return one === other;
  return PARTS.every((part) => one[part] === other[part]);
}
