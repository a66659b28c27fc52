/** Checks of billing details against schema/constraints.ts. Each returns the value as it is stored. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import { parseEmailAddress } from "../../../platform/validation/email-address.ts";
import { requireLine, requireName } from "../../../platform/validation/text/require-text.ts";
import { constraints } from "../../../schema/constraints.ts";
import type { BillingAddressInput } from "../../../schema/generated/billing.ts";
import type { BillingAddress, BillingDetails } from "../domain/billing-details.ts";
import { COUNTRIES, countryName } from "../domain/country.ts";
import { parseVatId, vatPrefix } from "../domain/vat-id.ts";

/** What the scalar made of it: the one spelling of a mailbox. @throws UserFailure `INVALID`, `TOO_LONG` */
export function requireBillingEmail(email: string): string {
  const { max } = constraints.email;
  if (email.length > max) throw refuse("TOO_LONG", `An e-mail address has at most ${max} characters.`, "billingEmail");
  if (parseEmailAddress(email) === email) return email;
  throw refuse("INVALID", "An e-mail address is like billing@example.com.", "billingEmail");
}

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG`, each at its part of `address` */
export function requireAddress(input: BillingAddressInput): BillingAddress {
  const part = (name: keyof BillingAddress, label: string) => ({
    length: name === "postalCode" ? constraints.postalCode : constraints.addressLine,
    label,
    field: ["address", name],
  });
  const optional = (text: string | null | undefined, declared: ReturnType<typeof part>): string | null =>
    text == null || text.trim() === "" ? null : requireLine(text, declared);
  return {
    name: requireName(input.name, part("name", "The name")),
    line1: requireLine(input.line1, part("line1", "The street")),
    line2: optional(input.line2, part("line2", "The second line")),
    postalCode: optional(input.postalCode, part("postalCode", "The postal code")),
    city: requireLine(input.city, part("city", "The town")),
    region: optional(input.region, part("region", "The region")),
    country: requireCountry(input.country),
  };
}

function requireCountry(text: string): string {
  const code = text.trim().toUpperCase();
  if (COUNTRIES.has(code)) return code;
  throw refuse("INVALID", "A country is its code in ISO 3166-1 alpha-2, such as DE.", "address", "country");
}

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireTaxIdText(text: string): string {
  return requireLine(text, { length: constraints.taxId, label: "The tax id", field: "taxId" });
}

/**
 * In the EU a tax id is a VAT id, also one of another country there; elsewhere nobody knows its shape.
 * @returns the details with the one spelling of their tax id
 * @throws UserFailure `INVALID`
 */
export function withCheckedTaxId(details: BillingDetails): BillingDetails {
  const { taxId, address } = details;
  const prefix = address === null ? undefined : vatPrefix(address.country);
  if (taxId === null || address === null || prefix === undefined) return details;
  const vatId = parseVatId(taxId);
  if (vatId !== undefined) return { ...details, taxId: vatId };
  const what = `A tax id in ${countryName(address.country)} is an EU VAT id, which begins with ${prefix}`;
  throw refuse("INVALID", `${what} there: give the whole id, or none.`, "taxId");
}
