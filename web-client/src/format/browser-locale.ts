/** The language of this browser as a tag (BCP 47), e.g. `de-AT`; null where it names none that is one. */
export function browserLocale(): string | null {
  try {
    return Intl.getCanonicalLocales(navigator.language)[0] ?? null;
  } catch {
    return null;
  }
}
