/** @returns a language tag in its canonical form (BCP 47), e.g. `en-GB`; undefined for what is none */
export function canonicalLanguageTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text)[0];
  } catch {
    return undefined;
  }
}
