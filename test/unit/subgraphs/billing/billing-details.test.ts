import { describe, expect, test } from "vitest";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";
import { billToOf, changedDetails, NO_DETAILS } from "../../../../subgraphs/billing/domain/billing-details.ts";
import {
  requireAddress,
  requireBillingEmail,
  requireTaxIdText,
  withCheckedTaxId,
} from "../../../../subgraphs/billing/validation/billing-details.ts";

const INPUT = { name: "Analytical Engines", line1: "1 Main Street", city: "London", country: "GB" };
const ADDRESS = requireAddress(INPUT);

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof UserFailure)) throw error;
    return error.userErrors.map(({ code, field }) => `${code} ${field?.join(".")}`).join();
  }
  return "taken";
}

describe("an address", () => {
  test("is stored clean, with null for what is left out or empty", () => {
    const address = requireAddress({
      ...INPUT,
      line1: "  1\tMain   Street ",
      line2: " ",
      postalCode: null,
      country: " gb ",
    });
    expect(address).toEqual({ ...INPUT, line2: null, postalCode: null, region: null });
  });

  test.each([
    [{ name: "" }, "BLANK input.address.name"],
    [{ name: "<script>alert(1)</script>" }, "INVALID input.address.name"],
    [{ name: "=1+1" }, "INVALID input.address.name"],
    [{ line1: "\u200B" }, "BLANK input.address.line1"],
    [{ line1: "x".repeat(121) }, "TOO_LONG input.address.line1"],
    [{ line2: "\uD800" }, "INVALID input.address.line2"],
    [{ postalCode: "1".repeat(21) }, "TOO_LONG input.address.postalCode"],
    [{ city: " " }, "BLANK input.address.city"],
    [{ region: "x".repeat(121) }, "TOO_LONG input.address.region"],
    [{ country: "Germany" }, "INVALID input.address.country"],
    [{ country: "EU" }, "INVALID input.address.country"],
  ])("with %j is refused at its part", (part, refusal) => {
    expect(refusalOf(() => requireAddress({ ...INPUT, ...part }))).toBe(refusal);
  });
});

describe("a tax id", () => {
  const check = (taxId: string | null, country?: string) =>
    withCheckedTaxId({
      billingEmail: null,
      taxId,
      address: country === undefined ? null : { ...ADDRESS, country },
    }).taxId;

  test("in the EU is a VAT id, also of another country there, in its one spelling", () => {
    expect(check("de 123 456 789", "DE")).toBe("DE123456789");
    expect(check("ATU12345678", "DE")).toBe("ATU12345678");
    expect(check("el123456789", "GR")).toBe("EL123456789");
    expect(check(null, "DE")).toBeNull();
  });

  test.each([
    ["123456789", "DE"],
    ["DE12345678", "DE"],
    ["GB123456789", "FR"],
    ["12-3456789", "IE"],
  ])("%s is refused in %s", (taxId, country) => {
    expect(refusalOf(() => check(taxId, country))).toBe("INVALID input.taxId");
  });

  test("elsewhere, and where no country is known, is what it is", () => {
    expect(check("12-3456789", "US")).toBe("12-3456789");
    // It begins like an id of Sweden, and is one of Mexico.
    expect(check("SEM010101AB1", "MX")).toBe("SEM010101AB1");
    expect(check("whatever")).toBe("whatever");
  });

  test("is neither empty nor endless", () => {
    expect(refusalOf(() => requireTaxIdText(" "))).toBe("BLANK input.taxId");
    expect(refusalOf(() => requireTaxIdText("1".repeat(41)))).toBe("TOO_LONG input.taxId");
  });
});

test("an address of mails is refused where it is none, or too long", () => {
  expect(requireBillingEmail("billing@example.com")).toBe("billing@example.com");
  expect(refusalOf(() => requireBillingEmail("nobody"))).toBe("INVALID input.billingEmail");
  expect(refusalOf(() => requireBillingEmail(`${"a".repeat(64)}@${"b".repeat(200)}.com`))).toBe(
    "TOO_LONG input.billingEmail",
  );
});

test("what changed is named, and nothing else", () => {
  const details = { billingEmail: "a@example.com", taxId: "1", address: ADDRESS };
  expect(changedDetails(details, { ...details, address: { ...ADDRESS } })).toEqual([]);
  expect(changedDetails(details, { ...details, address: { ...ADDRESS, line2: "Floor 2" } })).toEqual(["address"]);
  expect(changedDetails(details, NO_DETAILS)).toEqual(["billingEmail", "taxId", "address"]);
  expect(changedDetails(NO_DETAILS, NO_DETAILS)).toEqual([]);
});

test("an invoice keeps to whom it is made out, and not where mails go", () => {
  expect(billToOf({ billingEmail: "a@example.com", taxId: "1", address: ADDRESS })).toEqual({
    taxId: "1",
    address: ADDRESS,
  });
  expect(billToOf({ billingEmail: "a@example.com", taxId: null, address: null })).toBeUndefined();
});
