/**
 * Which fields may be asked for only so often, as the supergraph declares it with `@rateLimit` of
 * https://tributary.dev/limits.
 */
import { z } from "zod";
import { directiveOfFields } from "../linked-directives.ts";

const SPECIFICATION = "https://tributary.dev/limits/";

const ruleSchema = z.object({
  windowSeconds: z.int().min(1),
  max: z.int().min(1),
  identityArgs: z.array(z.string()).default([]),
  byAddress: z.boolean().default(false),
});

/** As `@rateLimit` says it. */
export type FieldRule = z.infer<typeof ruleSchema>;

/**
 * Rules by `Type.field`.
 * @param supergraphSdl valid; a directive that is not understood is passed over
 */
export function readFieldRules(supergraphSdl: string): ReadonlyMap<string, FieldRule> {
  const rules = new Map<string, FieldRule>();
  for (const [coordinate, given] of directiveOfFields(supergraphSdl, SPECIFICATION, "rateLimit")) {
    const rule = ruleSchema.safeParse(given);
    if (rule.success) rules.set(coordinate, rule.data);
  }
  return rules;
}
