// How the outcomes of one operation differ, as text that a failing test shows.
import { isDeepStrictEqual } from "node:util";
import type { Outcome } from "./compared-graph.ts";
import type { RandomOperation } from "./random-operation.ts";

/** A refusal explains itself when the operation holds the fields that it names. */
export function unexplained(refused: string, { query }: RandomOperation): string | undefined {
  const named = [...refused.matchAll(/\b[A-Z]\w*\.(\w+) (?:requires|is )/g)].map(([, field]) => field);
  const missing = named.filter((field) => !new RegExp(`\\b${field}\\b`).test(query));
  return named.length > 0 && missing.length === 0 ? undefined : `refused without a reason: ${refused}`;
}

export function differenceOf(ours: Outcome, other: Outcome, whose: string): string | undefined {
  if (!isDeepStrictEqual(ours.data, other.data)) {
    return `our data: ${JSON.stringify(ours.data)}, ${whose}: ${JSON.stringify(other.data)}`;
  }
  if (!isDeepStrictEqual(ours.effects, other.effects)) {
    return `our effects: ${JSON.stringify(ours.effects)}, ${whose}: ${JSON.stringify(other.effects)}`;
  }
  if (isDeepStrictEqual(ours.errors, other.errors)) return undefined;
  return `our errors: ${JSON.stringify(ours.errors)}, ${whose}: ${JSON.stringify(other.errors)}`;
}

export function describeDifference(seed: number, { query, variables }: RandomOperation, difference: string): string {
  return `seed ${seed}: ${query} with ${JSON.stringify(variables)}: ${difference}`;
}
