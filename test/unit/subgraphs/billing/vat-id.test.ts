import { describe, expect, test } from "vitest";
import { COUNTRIES, countryName } from "../../../../subgraphs/billing/domain/country.ts";
import { parseVatId, vatPrefix } from "../../../../subgraphs/billing/domain/vat-id.ts";

/** One or more per country, by the shapes of VIES; none is anybody's on purpose. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  AT: ["ATU12345678"],
  BE: ["BE0123456789", "BE1123456789"],
  BG: ["BG123456789", "BG1234567890"],
  CY: ["CY12345678L"],
  CZ: ["CZ12345678", "CZ123456789", "CZ1234567890"],
  DE: ["DE123456789"],
  DK: ["DK12345678"],
  EE: ["EE123456789"],
  ES: ["ESX1234567X", "ESX12345678", "ES12345678X"],
  FI: ["FI12345678"],
  FR: ["FR12345678901", "FRX1234567890", "FRXX123456789"],
  GR: ["EL123456789"],
  HR: ["HR12345678901"],
  HU: ["HU12345678"],
  IE: ["IE1234567WI", "IE1S23456L", "IE1+23456L"],
  IT: ["IT12345678901"],
  LT: ["LT123456789", "LT123456789012"],
  LU: ["LU12345678"],
  LV: ["LV12345678901"],
  MT: ["MT12345678"],
  NL: ["NL123456789B01"],
  PL: ["PL1234567890"],
  PT: ["PT123456789"],
  RO: ["RO12", "RO1234567890"],
  SE: ["SE123456789012"],
  SI: ["SI12345678"],
  SK: ["SK1234567890"],
};

describe.each(Object.entries(IDS))("%s", (country, ids) => {
  test("is of the EU, and its ids begin with its letters", () => {
    expect(COUNTRIES).toContain(country);
    for (const id of ids) expect(id.slice(0, 2)).toBe(vatPrefix(country));
  });

  test.each(ids)("takes %s, and nothing longer or shorter", (id) => {
    expect(parseVatId(id)).toBe(id);
    const others = ids.filter((each) => each !== id);
    for (const wrong of [`${id}123456789012`, id.slice(0, 3), `${id.slice(0, 2)}/${id.slice(3)}`]) {
      if (!others.includes(wrong)) expect(parseVatId(wrong), wrong).toBeUndefined();
    }
  });
});

test("there are 27 countries in the EU, and Northern Ireland has ids of its own", () => {
  expect([...COUNTRIES].filter((country) => vatPrefix(country) !== undefined)).toHaveLength(27);
  for (const id of ["XI123456789", "XI123456789012", "XIGD123", "XIHA123"]) expect(parseVatId(id)).toBe(id);
});

test.each([
  ["de 123 456 789", "DE123456789"],
  ["NL 1234.56.789.B01", "NL123456789B01"],
  ["be-0123-456-789", "BE0123456789"],
])("%s is read as %s", (text, id) => {
  expect(parseVatId(text)).toBe(id);
});

test.each([
  "123456789",
  "GB123456789",
  "CHE-123.456.789",
  "ES123456789",
  "NL123456789X01",
  "BE2123456789",
  "DE１２３４５６７８９",
  "GR123456789",
  "",
  "__proto__",
])("%j is no VAT id of the EU", (text) => {
  expect(parseVatId(text)).toBeUndefined();
});

test("every country has a name, and no code that is reserved is one", () => {
  expect(COUNTRIES.size).toBe(249);
  for (const code of COUNTRIES) expect(countryName(code), code).not.toBe(code);
  for (const code of ["EU", "UK", "XK", "EL", "XI", "ZZ", "de", ""]) expect(COUNTRIES.has(code), code).toBe(false);
});
