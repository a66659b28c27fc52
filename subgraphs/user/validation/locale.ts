/** Languages and time zones as the standards name them. */
import { refuse } from "../../../platform/errors/user-failure.ts";

const MAX_LOCALE = 35;

/** @returns the tag in its canonical form (BCP 47), e.g. `en-GB` @throws UserFailure `INVALID` */
export function requireLocale(text: string): string {
  const locale = canonicalLocale(text.trim());
  if (locale === undefined || locale.length > MAX_LOCALE) {
    throw refuse("INVALID", "A locale is a language tag such as en-GB.", "locale");
  }
  return locale;
}

/** @returns the zone in its canonical form (IANA), e.g. `Europe/Vienna` @throws UserFailure `INVALID` */
export function requireTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text.trim() }).resolvedOptions().timeZone;
  } catch {
    throw refuse("INVALID", "A time zone is named like Europe/Vienna.", "timeZone");
  }
}

function canonicalLocale(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text)[0];
  } catch {
    return undefined;
  }
}
