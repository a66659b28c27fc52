/** Reads definitions and the directives on them from the SDL of a supergraph; knows nothing about live fields. */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type TypeNode,
  valueFromASTUntyped,
} from "graphql";

export type DirectiveArguments = Readonly<Record<string, unknown>>;

/** `join__Graph` value → name of the subgraph. */
export function serviceNames(document: DocumentNode): Map<string, string> {
  const names = new Map<string, string>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== "join__Graph") continue;
    for (const value of node.values ?? []) {
      const name = argumentsOf(value.directives, "join__graph")[0]?.["name"];
      if (typeof name === "string") names.set(value.name.value, name);
    }
  }
  return names;
}

export function subscriptionTypeName(document: DocumentNode): string {
  const schema = document.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const root = schema?.operationTypes.find(({ operation }) => operation === "subscription");
  return root?.type.name.value ?? "Subscription";
}

export function objectTypes(document: DocumentNode): Map<string, ObjectTypeDefinitionNode> {
  const nodes = document.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  return new Map(nodes.map((node) => [node.name.value, node]));
}

/** The arguments of each use of a directive, as plain values. */
export function argumentsOf(directives: readonly ConstDirectiveNode[] | undefined, name: string): DirectiveArguments[] {
  return (directives ?? [])
    .filter((directive) => directive.name.value === name)
    .map((directive) =>
      Object.fromEntries((directive.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)])),
    );
}

export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

export function isList(type: TypeNode | undefined): boolean {
  if (type === undefined || type.kind === Kind.NAMED_TYPE) return false;
  return type.kind === Kind.LIST_TYPE || isList(type.type);
}
