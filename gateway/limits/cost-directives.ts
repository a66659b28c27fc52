/**
 * What a supergraph says about costs: `@cost` and `@listSize` of https://specs.apollo.dev/cost, under whatever names
 * they were imported. A supergraph without them says nothing, and defaults hold.
 */
import { type ConstDirectiveNode, type FieldDefinitionNode, Kind, parse } from "graphql";
import { z } from "zod";
import { argumentsOf, linkedNames } from "./linked-directives.ts";

const SPECIFICATION = "https://specs.apollo.dev/cost/";

export interface ListSize {
  readonly assumedSize?: number | undefined;
  readonly slicingArguments?: readonly string[] | undefined;
  readonly sizedFields?: readonly string[] | undefined;
  /** Must exactly one of `slicingArguments` be given? By default it must. */
  readonly requireOneSlicingArgument?: boolean | undefined;
}

export interface CostDirectives {
  /** `@cost(weight)` by schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`. */
  readonly weights: ReadonlyMap<string, number>;
  /** `@listSize` by `Type.field`. */
  readonly sizes: ReadonlyMap<string, ListSize>;
}

const costSchema = z.object({ weight: z.number() });
const sizeSchema = z.object({
  assumedSize: z.number().nullish(),
  slicingArguments: z.array(z.string()).nullish(),
  sizedFields: z.array(z.string()).nullish(),
  requireOneSlicingArgument: z.boolean().nullish(),
});

/** @param supergraphSdl valid; a directive that is none of the specification's is passed over */
export function readCostDirectives(supergraphSdl: string): CostDirectives {
  const weights = new Map<string, number>();
  const sizes = new Map<string, ListSize>();
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const nameOf = linkedNames(definitions, SPECIFICATION);
  if (nameOf === undefined) return { weights, sizes };
  const [cost, listSize] = [nameOf("cost"), nameOf("listSize")];

  function readWeight(coordinate: string, directives: readonly ConstDirectiveNode[] | undefined): void {
    const found = costSchema.safeParse(argumentsOf(directives, cost));
    if (found.success) weights.set(coordinate, found.data.weight);
  }

  function readField(type: string, { name, directives, arguments: args }: FieldDefinitionNode): void {
    const coordinate = `${type}.${name.value}`;
    readWeight(coordinate, directives);
    const size = sizeSchema.safeParse(argumentsOf(directives, listSize));
    if (size.success) {
      const { assumedSize, slicingArguments, sizedFields, requireOneSlicingArgument } = size.data;
      sizes.set(coordinate, {
        assumedSize: assumedSize ?? undefined,
        slicingArguments: slicingArguments ?? undefined,
        sizedFields: sizedFields ?? undefined,
        requireOneSlicingArgument: requireOneSlicingArgument ?? undefined,
      });
    }
    for (const arg of args ?? []) readWeight(`${coordinate}(${arg.name.value}:)`, arg.directives);
  }

  for (const node of definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION:
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_EXTENSION:
        readWeight(node.name.value, node.directives);
        for (const field of node.fields ?? []) readField(node.name.value, field);
        break;
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION:
        readWeight(node.name.value, node.directives);
        break;
    }
  }
  return { weights, sizes };
}
