import type { PlanInterval } from "../../../schema/generated/operations.ts";

const WORDS: Readonly<Record<PlanInterval, string>> = { MONTH: "month", YEAR: "year" };

export function intervalWord(interval: PlanInterval): string {
  return WORDS[interval];
}
