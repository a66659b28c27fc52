interface PlanFeature {
  readonly key: string;
  /** Null: unlimited. */
  readonly limit: string | null;
}

/** E.g. `10,000 api requests`. */
export function describeFeature({ key, limit }: PlanFeature, locale?: string): string {
  const name = key.replaceAll(/[._-]/g, " ").toLowerCase();
  if (limit === null) return `Unlimited ${name}`;
  return `${new Intl.NumberFormat(locale).format(BigInt(limit))} ${name}`;
}
