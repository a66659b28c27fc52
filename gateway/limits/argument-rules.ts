/**
 * What a supergraph says about the arguments of its fields: `@constraint(min, max)` of https://tributary.dev/limits on
 * an argument, and `@listSize` of https://specs.apollo.dev/cost on a field, under whatever names they were imported.
 * What a supergraph does not say is not asked for: a foreign graph's `first` has rules of its own.
 */
import { type FieldDefinitionNode, Kind, parse, valueFromASTUntyped } from "graphql";
import { z } from "zod";
import { readCostDirectives } from "./cost-directives.ts";
import { argumentsOf, linkedNames } from "./linked-directives.ts";

const SPECIFICATION = "https://tributary.dev/limits/";

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export interface ArgumentRules {
  /** `Type.field` */
  readonly coordinate: string;
  /** By argument. */
  readonly bounds: ReadonlyMap<string, Bounds>;
  /** Arguments that say how long a list is. */
  readonly slicing: readonly string[];
  /** Must exactly one of them be given? */
  readonly requiresOne: boolean;
  /** Of arguments. */
  readonly defaults: ReadonlyMap<string, unknown>;
}

const boundsSchema = z.object({ min: z.number(), max: z.number() });

/**
 * Rules by `Type.field`, of those fields that have any.
 * @param supergraphSdl valid; a directive that is not understood is passed over
 */
export function readArgumentRules(supergraphSdl: string): ReadonlyMap<string, ArgumentRules> {
  const rules = new Map<string, ArgumentRules>();
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const { sizes } = readCostDirectives(supergraphSdl);
  const constraint = linkedNames(definitions, SPECIFICATION)?.("constraint");

  function boundsOf({ arguments: args = [] }: FieldDefinitionNode): ReadonlyMap<string, Bounds> {
    return new Map(
      args.flatMap(({ name, directives }) => {
        const found = constraint === undefined ? undefined : argumentsOf(directives, constraint);
        const bounds = boundsSchema.safeParse(found);
        return bounds.success ? [[name.value, bounds.data] as const] : [];
      }),
    );
  }

  for (const node of definitions) {
    if (!("fields" in node) || node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) continue;
    if (node.kind === Kind.INPUT_OBJECT_TYPE_EXTENSION) continue;
    for (const field of node.fields ?? []) {
      const coordinate = `${node.name.value}.${field.name.value}`;
      const bounds = boundsOf(field);
      const size = sizes.get(coordinate);
      const names = new Set((field.arguments ?? []).map(({ name }) => name.value));
      // Later versions of the specification name members of arguments, too: what is not understood is not asked for.
      const slicing = size?.slicingArguments?.every((name) => names.has(name)) === true ? size.slicingArguments : [];
      if (bounds.size === 0 && slicing.length === 0) continue;
      rules.set(coordinate, {
        coordinate,
        bounds,
        slicing,
        requiresOne: slicing.length > 0 && size?.requireOneSlicingArgument !== false,
        defaults: new Map(
          (field.arguments ?? []).flatMap(({ name, defaultValue }) =>
            defaultValue === undefined ? [] : [[name.value, valueFromASTUntyped(defaultValue)] as const],
          ),
        ),
      });
    }
  }
  return rules;
}
