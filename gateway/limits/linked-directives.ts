/** Directives of a specification that a supergraph links, under whatever names they were imported. */
import { type ConstDirectiveNode, type DefinitionNode, Kind, parse, valueFromASTUntyped } from "graphql";
import { z } from "zod";

const linkSchema = z.object({
  url: z.string(),
  as: z.string().optional(),
  import: z.array(z.union([z.string(), z.object({ name: z.string(), as: z.string().optional() })])).default([]),
});

/**
 * @param specification the address without its version, e.g. `https://specs.apollo.dev/cost/`
 * @returns how the document calls a directive of the specification; `undefined` when it is not linked
 */
export function linkedNames(
  definitions: readonly DefinitionNode[],
  specification: string,
): ((directive: string) => string) | undefined {
  const links = definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION ? (node.directives ?? []) : [],
  );
  const own = specification.split("/").at(-2) ?? "";
  for (const directive of links) {
    const link = linkSchema.safeParse(argumentsOf([directive], directive.name.value));
    if (!link.success || !link.data.url.startsWith(specification)) continue;
    const prefix = link.data.as ?? own;
    const imported = new Map(
      link.data.import.map((item) =>
        typeof item === "string" ? [item, item.slice(1)] : [item.name, (item.as ?? item.name).slice(1)],
      ),
    );
    // A specification's directive of its own name needs no prefix.
    return (name) => imported.get(`@${name}`) ?? (name === own ? prefix : `${prefix}__${name}`);
  }
  return undefined;
}

/** The arguments of the first of the directives with the name; `undefined` when there is none. */
export function argumentsOf(directives: readonly ConstDirectiveNode[] | undefined, name: string): unknown {
  const found = directives?.find((directive) => directive.name.value === name);
  if (found === undefined) return undefined;
  return Object.fromEntries((found.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)]));
}

/**
 * Where a directive of a specification stands on fields of object types.
 * @param supergraphSdl valid
 * @returns its arguments by `Type.field`; nothing when the specification is not linked
 */
export function directiveOfFields(
  supergraphSdl: string,
  specification: string,
  directive: string,
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const name = linkedNames(definitions, specification)?.(directive);
  if (name === undefined) return found;
  for (const node of definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const field of node.fields ?? []) {
      const given = argumentsOf(field.directives, name);
      if (given !== undefined) found.set(`${node.name.value}.${field.name.value}`, given);
    }
  }
  return found;
}
