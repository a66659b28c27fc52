/**
 * Queries of nothing but `_entities`, as they can stand beside others of their kind in one document: every name of a
 * part is its own.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type NameNode,
  type OperationDefinitionNode,
  print,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
  visit,
} from "graphql";

export const ENTITIES = "_entities";
export const REPRESENTATIONS = "representations";

export interface EntityShape {
  readonly operation: OperationDefinitionNode;
  readonly entities: FieldNode;
  readonly fragments: readonly FragmentDefinitionNode[];
}

/** Its names occur in no other part. */
export interface DocumentPart {
  /** Response name of its entities. */
  readonly alias: string;
  readonly variableDefinitions: string;
  readonly selection: string;
  readonly fragments: string;
  /** What the document calls a variable of the fetch. */
  readonly variableName: (name: string) => string;
}

/**
 * @returns `undefined` unless it is what the planner writes; a subgraph's own directives on the operation, for one, are
 * not
 */
export function entityShape({ definitions }: DocumentNode): EntityShape | undefined {
  const operations = definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const fragments = definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const [operation] = operations;
  if (operations.length !== 1 || operation?.operation !== "query" || operation.directives?.length) return undefined;
  const [entities, ...others] = operation.selectionSet.selections;
  if (entities?.kind !== Kind.FIELD || others.length > 0 || entities.directives?.length) return undefined;
  if (entities.name.value !== ENTITIES || entities.alias !== undefined) return undefined;
  return { operation, entities, fragments };
}

/** @param suffix of all names: different for every part of a document */
export function documentPart({ operation, entities, fragments }: EntityShape, suffix: string): DocumentPart {
  const renamed = (name: NameNode): NameNode => ({ ...name, value: `${name.value}${suffix}` });
  const rename = <Node extends FieldNode | VariableDefinitionNode | FragmentDefinitionNode>(node: Node): Node =>
    visit(node, {
      Variable: (variable) => ({ ...variable, name: renamed(variable.name) }),
      FragmentSpread: (spread) => ({ ...spread, name: renamed(spread.name) }),
      FragmentDefinition: { leave: (definition) => ({ ...definition, name: renamed(definition.name) }) },
    });
  const alias = `${ENTITIES}${suffix}`;
  return {
    alias,
    variableDefinitions: (operation.variableDefinitions ?? []).map((node) => printed(rename(node))).join(" "),
    selection: printed({ ...rename(entities), alias: named(alias) }),
    fragments: fragments.map((node) => printed(rename(node))).join(""),
    variableName: (name) => `${name}${suffix}`,
  };
}

/** One document of several parts, in the given order. */
export function documentOf(name: string, parts: readonly DocumentPart[]): string {
  const variables = parts.map(({ variableDefinitions }) => variableDefinitions).join(" ");
  const selections = parts.map(({ selection }) => selection).join(" ");
  return `query ${name}(${variables}){${selections}}${parts.map(({ fragments }) => fragments).join("")}`;
}

export function printed(node: Parameters<typeof print>[0]): string {
  return stripIgnoredCharacters(print(node));
}

export function named(value: string): NameNode {
  return { kind: Kind.NAME, value };
}
