/** Languages and time zones as the standards name them. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import { canonicalLanguageTag } from "../../../platform/validation/language-tag.ts";

const MAX_LOCALE = 35;

/** @returns the tag in its canonical form (BCP 47), e.g. `en-GB` @throws UserFailure `INVALID` */
function requireLocale(text: string): string {
  const locale = canonicalLanguageTag(text.trim());
  if (locale === undefined || locale.length > MAX_LOCALE) {
    throw refuse("INVALID", "A locale is a language tag such as en-GB.", "locale");
  }
  return locale;
}

/** @returns null where none is named @throws UserFailure `INVALID` */
export function requireLocaleOrNone(text: string | null | undefined): string | null {
  return text == null ? null : requireLocale(text);
}

/** @returns the zone in its canonical form (IANA), e.g. `Europe/Vienna` @throws UserFailure `INVALID` */
export function requireTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text.trim() }).resolvedOptions().timeZone;
  } catch {
    throw refuse("INVALID", "A time zone is named like Europe/Vienna.", "timeZone");
  }
}
