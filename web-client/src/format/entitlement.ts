interface Use {
  readonly key: string;
  /** Null: unlimited. */
  readonly limit: string | null;
  readonly used: string;
}

/** What is used in a month is told so; others by their key. */
const NAMES: Readonly<Record<string, string>> = { events_per_month: "events this month" };

/** E.g. `events this month` of `events_per_month`. */
export function featureName(key: string): string {
  return NAMES[key] ?? key.replaceAll(/[._-]/g, " ");
}

/** E.g. `3 of 25 seats`. */
export function describeUse({ key, limit, used }: Use, locale?: string): string {
  const format = new Intl.NumberFormat(locale);
  const amount = format.format(BigInt(used));
  const name = featureName(key);
  return limit === null ? `${amount} ${name}, without a limit` : `${amount} of ${format.format(BigInt(limit))} ${name}`;
}
