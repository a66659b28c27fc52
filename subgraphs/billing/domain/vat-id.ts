/**
 * Shapes of VAT ids in the EU, by their first two letters. Source: the European Commission's VIES, "What is the format
 * of a VAT number?" (https://ec.europa.eu/taxation_customs/vies/#/faq, as of 2026). Greece has `EL` in the place of its
 * country code; `XI` is Northern Ireland, which has EU ids for goods. Whether an id was given to anybody, only VIES
 * knows.
 */

const SHAPES: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  // The first and the last may be letters; one of them is.
  ES: /^(?:[A-Z]\d{7}[A-Z\d]|\d{8}[A-Z])$/,
  FI: /^\d{8}$/,
  FR: /^[A-Z\d]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(?:\d[A-Z\d+*]\d{5}[A-Z]|\d{7}[A-Z]{2})$/,
  IT: /^\d{11}$/,
  LT: /^(?:\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^\d{9}B\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{12}$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  XI: /^(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
};

/** Countries of the EU whose ids begin with other letters than the country's code. */
const OTHER_PREFIX: Readonly<Record<string, string>> = { GR: "EL" };

/**
 * @param country of `COUNTRIES`
 * @returns the letters that its VAT ids begin with; undefined outside the EU
 */
export function vatPrefix(country: string): string | undefined {
  const prefix = OTHER_PREFIX[country] ?? country;
  return Object.hasOwn(SHAPES, prefix) ? prefix : undefined;
}

/**
 * @param text as people write it, with blanks, dots, dashes or small letters
 * @returns the one spelling; undefined for what no country of the EU gives out
 */
export function parseVatId(text: string): string | undefined {
  const id = text.replaceAll(/[\s.-]/g, "").toUpperCase();
  const prefix = id.slice(0, 2);
  const shape = Object.hasOwn(SHAPES, prefix) ? SHAPES[prefix] : undefined;
  return shape?.test(id.slice(2)) === true ? id : undefined;
}
