/**
 * What a supergraph says about costs: `@cost` and `@listSize` of https://specs.apollo.dev/cost, under whatever names they were imported.
 * A supergraph without them says nothing, and defaults hold.
 */
import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  valueFromASTUntyped,
} from "graphql";
import { z } from "zod";

const SPECIFICATION = "https://specs.apollo.dev/cost/";

export interface ListSize {
  readonly assumedSize?: number | undefined;
  readonly slicingArguments?: readonly string[] | undefined;
  readonly sizedFields?: readonly string[] | undefined;
}

export interface CostDirectives {
  /** `@cost(weight)` by schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`. */
  readonly weights: ReadonlyMap<string, number>;
  /** `@listSize` by `Type.field`. */
  readonly sizes: ReadonlyMap<string, ListSize>;
}

const linkSchema = z.object({
  url: z.string(),
  as: z.string().optional(),
  import: z.array(z.union([z.string(), z.object({ name: z.string(), as: z.string().optional() })])).default([]),
});
const costSchema = z.object({ weight: z.number() });
const sizeSchema = z.object({
  assumedSize: z.number().nullish(),
  slicingArguments: z.array(z.string()).nullish(),
  sizedFields: z.array(z.string()).nullish(),
});

/** @param supergraphSdl valid; a directive that is none of the specification's is passed over */
export function readCostDirectives(supergraphSdl: string): CostDirectives {
  const weights = new Map<string, number>();
  const sizes = new Map<string, ListSize>();
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const links = definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION ? (node.directives ?? []) : [],
  );
  const names = directiveNames(links);
  if (names === undefined) return { weights, sizes };
  const { cost, listSize } = names;

  function readWeight(coordinate: string, directives: readonly ConstDirectiveNode[] | undefined): void {
    const found = costSchema.safeParse(argumentsOf(directives, cost));
    if (found.success) weights.set(coordinate, found.data.weight);
  }

  function readField(type: string, { name, directives, arguments: args }: FieldDefinitionNode): void {
    const coordinate = `${type}.${name.value}`;
    readWeight(coordinate, directives);
    const size = sizeSchema.safeParse(argumentsOf(directives, listSize));
    if (size.success) {
      const { assumedSize, slicingArguments, sizedFields } = size.data;
      sizes.set(coordinate, {
        assumedSize: assumedSize ?? undefined,
        slicingArguments: slicingArguments ?? undefined,
        sizedFields: sizedFields ?? undefined,
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

function directiveNames(links: readonly ConstDirectiveNode[]): { cost: string; listSize: string } | undefined {
  for (const directive of links) {
    const link = linkSchema.safeParse(argumentsOf([directive], directive.name.value));
    if (!link.success || !link.data.url.startsWith(SPECIFICATION)) continue;
    const prefix = link.data.as ?? "cost";
    const imported = new Map(
      link.data.import.map((item) =>
        typeof item === "string" ? [item, item.slice(1)] : [item.name, (item.as ?? item.name).slice(1)],
      ),
    );
    return {
      // A specification's directive of its own name needs no prefix.
      cost: imported.get("@cost") ?? prefix,
      listSize: imported.get("@listSize") ?? `${prefix}__listSize`,
    };
  }
  return undefined;
}

function argumentsOf(directives: readonly ConstDirectiveNode[] | undefined, name: string): unknown {
  const found = directives?.find((directive) => directive.name.value === name);
  if (found === undefined) return undefined;
  return Object.fromEntries((found.arguments ?? []).map((arg) => [arg.name.value, plain(arg.value)]));
}

const plain = (value: ConstValueNode): unknown => valueFromASTUntyped(value);
