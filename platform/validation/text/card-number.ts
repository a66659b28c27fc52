/**
 * Numbers of bank cards (ISO/IEC 7812): whoever stores one falls under rules that the platform keeps out of (PCI
 * DSS). The form of an outside provider takes them and gives a token.
 */

/**
 * 13 to 19 digits in a row, or grouped as they stand on cards, not within a word or behind other digits. The first
 * digit is that of a card: 2 to 6, others are airlines, banks' own and national schemes.
 */
const CANDIDATE =
  /(?<![\p{L}\p{N}]|\d[ .-])(?:[2-6]\d{12,18}|[2-6]\d{3}([ .-])\d{4}\1\d{4}\1\d{1,7}|3\d{3}([ .-])\d{6}\2\d{4,5})(?![\p{L}\p{N}])/gu;

export function holdsCardNumber(text: string): boolean {
  if (text.length < 13) return false;
  for (const [found] of text.matchAll(CANDIDATE)) if (hasCheckDigit(found.replace(/\D/g, ""))) return true;
  return false;
}

/** ISO/IEC 7812-1, annex B (Luhn). */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
