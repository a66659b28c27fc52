/** Date of an instant in the reader's time zone, e.g. `20 Nov 2026`. */
export function formatDate(instant: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(instant));
}

/** Time of day with seconds for today, otherwise the date with it. */
export function formatMoment(instant: string, now: Date = new Date(), locale?: string): string {
  const moment = new Date(instant);
  const sameDay = moment.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(
    locale,
    sameDay ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(moment);
}
