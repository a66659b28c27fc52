// Lives of subscriptions, made up from a seed: what each customer does on which day of a year.
import { seededRandom } from "../seeded-random.ts";

export type PlanCode = "starter" | "team" | "business" | "team-yearly";

export type Act =
  | { readonly kind: "START"; readonly plan: PlanCode; readonly quantity: number }
  | { readonly kind: "CHANGE"; readonly plan: PlanCode; readonly quantity: number }
  /** At the end of the period. */
  | { readonly kind: "CANCEL" }
  /** From now on the card declines. */
  | { readonly kind: "CARD_FAILS" };

export interface Life {
  readonly acts: readonly (Act & { readonly at: Date })[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CODES: readonly PlanCode[] = ["starter", "team", "business", "team-yearly"];
const MOST_UNITS = 5;

/** @param days what is done is done within so many days behind `from` */
export function makeLives(count: number, { from, days, seed }: { from: Date; days: number; seed: number }): Life[] {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const choice = (former?: PlanCode) => {
    const others = CODES.filter((code) => code !== former);
    return { plan: others[below(others.length)] ?? "team", quantity: 1 + below(MOST_UNITS) };
  };
  const moment = (earliestHour: number, latestHour: number): Date =>
    new Date(from.getTime() + (earliestHour + below(Math.max(1, latestHour - earliestHour))) * HOUR_MS);
  const lastHour = days * 24 - 1;
  return Array.from({ length: count }, () => {
    const first = choice();
    const startHour = below(Math.min(28, days / 2) * 24);
    const acts: (Act & { readonly at: Date })[] = [
      { kind: "START", ...first, at: new Date(from.getTime() + startHour * HOUR_MS) },
    ];
    let former: PlanCode = first.plan;
    let hour = startHour + 1;
    const changes = below(Math.max(2, Math.ceil(days / 90)));
    for (let made = 0; made < changes && hour < lastHour; made += 1) {
      const at = moment(hour, lastHour);
      const next = choice(former);
      acts.push({ kind: "CHANGE", ...next, at });
      former = next.plan;
      hour = Math.floor((at.getTime() - from.getTime()) / HOUR_MS) + 1;
    }
    const fate = random();
    if (hour < lastHour && fate < 0.15) acts.push({ kind: "CANCEL", at: moment(hour, lastHour) });
    else if (hour < lastHour && fate < 0.3) acts.push({ kind: "CARD_FAILS", at: moment(hour, lastHour) });
    return { acts };
  });
}

export { DAY_MS };
