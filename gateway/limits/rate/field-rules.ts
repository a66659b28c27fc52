/**
 * Which fields may be asked for only so often, as the supergraph declares it with `@rateLimit` of
 * https://tributary.dev/limits.
 */
import { Kind, parse } from "graphql";
import { z } from "zod";
import { argumentsOf, linkedNames } from "../linked-directives.ts";

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
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const name = linkedNames(definitions, SPECIFICATION)?.("rateLimit");
  if (name === undefined) return rules;
  for (const node of definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const field of node.fields ?? []) {
      const rule = ruleSchema.safeParse(argumentsOf(field.directives, name));
      if (rule.success) rules.set(`${node.name.value}.${field.name.value}`, rule.data);
    }
  }
  return rules;
}
