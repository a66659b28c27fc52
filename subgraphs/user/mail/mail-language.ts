/** Which language a mail is written in. */

/**
 * The first language on offer when a locale is made less and less precise (lookup of RFC 4647, 3.4): `de` for `de-AT`.
 * @param locale a canonical tag (BCP 47); null: nobody chose one
 */
export function lookUpLanguage(locale: string | null, offered: Pick<ReadonlySet<string>, "has">): string | undefined {
  if (locale === null) return undefined;
  const parts = locale.split("-");
  while (parts.length > 0) {
    const range = parts.join("-");
    if (offered.has(range)) return range;
    parts.pop();
    // What a single letter introduces is gone, so it goes, too.
    if (parts.at(-1)?.length === 1) parts.pop();
  }
  return undefined;
}
