/**
 * An operation as it is planned. Its names follow from what is selected, never from the client's names. Each field has
 * an internal name in fetched data, decided by field and arguments; only the writer of the answer knows aliases. So an
 * alias cannot meet the name of a key or of a requirement. Equal selections of different clients have equal texts,
 * plans, cache entries and batches.
 */

import { hash } from "node:crypto";
import {
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  isAbstractType,
  Kind,
  type NameNode,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import type { SchemaGeneration } from "../../ports.ts";
import { isCondition } from "../conditions.ts";
import { factsOf } from "../planning/federation-facts.ts";
import { type FieldNames, fieldNamesOf } from "./field-names.ts";
import {
  conditionType,
  INTROSPECTION_FIELDS,
  responseName,
  rootTypeOf,
  type SelectedField,
  type Survey,
  surveyOperation,
  typeOfField,
} from "./survey.ts";
import { nameVariables } from "./variable-names.ts";

/** What fields are called in fetched data. */
export interface InternalNames {
  /** @param node of the client's document */
  of(node: FieldNode): string;
  /** Of a field without arguments that somebody else selects beside the client. */
  plain(type: GraphQLCompositeType, fieldName: string): string;
}

/** What is to be selected of objects of a type beside what the client selects. */
export type SelectAlso = (type: GraphQLCompositeType) => readonly SelectionNode[];

export interface CanonicalOperation {
  readonly names: InternalNames;
  /** The client's name of each variable → the name under which subgraphs get it. */
  readonly variables: ReadonlyMap<string, string>;
  /**
   * The operation and the fragments that it reaches; without what is asked about the schema. Conditions are there,
   * about renamed variables.
   */
  document(also?: SelectAlso): DocumentNode;
}

/** @param document valid for the generation's API schema, with the operation in it */
export function canonicalOperation(
  generation: SchemaGeneration,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CanonicalOperation {
  const { apiSchema } = generation;
  const survey = surveyOperation(apiSchema, document, operation);
  const variables = nameVariables(survey.variableUses);
  const fieldNames = fieldNamesOf(generation);
  const names = nameFields(fieldNames, survey, variables, apiSchema.getMutationType()?.name);
  return {
    variables,
    names: {
      of: (node) => names.get(node) ?? node.name.value,
      plain: (type, fieldName) =>
        fieldNames.takesArguments(type.name, fieldName) ? fieldNames.nameOf(fieldName, "") : fieldName,
    },
    document: (also) => rewritten(generation, operation, { survey, variables, names, also }),
  };
}

/** Names of the fields that take arguments, and of those that must stay apart for another reason. */
function nameFields(
  fieldNames: FieldNames,
  { fields, directed }: Survey,
  variables: ReadonlyMap<string, string>,
  mutationType: string | undefined,
): ReadonlyMap<FieldNode, string> {
  const contents = new Map<FieldNode, string>();
  /** Different uses of the fields of one name. */
  const uses = new Map<string, Set<string>>();
  const calls = createCallNumbers();

  function contentOf({ node, parent }: SelectedField): string | undefined {
    const content = fieldNames.takesArguments(parent.name, node.name.value)
      ? argumentsText(node, variables)
      : undefined;
    // A directive may be about the one place where it stands.
    if (directed.has(responseName(node))) return `${content ?? ""} as ${responseName(node)}`;
    // What has effects happens as often as it is called.
    return parent.name === mutationType ? calls(node, content ?? "") : content;
  }

  for (const field of fields) {
    const content = contentOf(field);
    if (content === undefined) continue;
    const { node } = field;
    contents.set(node, content);
    const usesOfName = uses.get(node.name.value) ?? new Set();
    uses.set(node.name.value, usesOfName.add(content));
  }
  return new Map(
    [...contents].map(([node, content]) => {
      const name = node.name.value;
      // A single use may have the field's own name, unless a requirement's use of it may come beside.
      const single = uses.get(name)?.size === 1 && !fieldNames.isRequired(name) && !directed.has(responseName(node));
      return [node, single ? name : fieldNames.nameOf(name, content)];
    }),
  );
}

/** Numbers the response names under which the same mutation is called. */
function createCallNumbers() {
  const namesByKey = new Map<string, string[]>();
  return (node: FieldNode, content: string): string => {
    const key = `${node.name.value}${content}`;
    const names = namesByKey.get(key) ?? [];
    namesByKey.set(key, names);
    if (!names.includes(responseName(node))) names.push(responseName(node));
    return `${content} call ${names.indexOf(responseName(node))}`;
  };
}

/**
 * In one order: that of the document means nothing. What is left out and what is null are different, and defaults are
 * the subgraph's.
 */
function argumentsText(node: FieldNode, variables: ReadonlyMap<string, string>): string {
  return sortedArguments(node.arguments ?? [])
    .map((argument) => print(renamed(argument, variables)))
    .join(",");
}

function sortedArguments(nodes: readonly ArgumentNode[]): readonly ArgumentNode[] {
  if (nodes.length < 2) return nodes;
  return [...nodes].sort((one, other) => (one.name.value < other.name.value ? -1 : 1));
}

function renamed<Node extends ArgumentNode | DirectiveNode>(node: Node, variables: ReadonlyMap<string, string>): Node {
  if (variables.size === 0) return node;
  return visit(node, {
    Variable: (variable) => ({ ...variable, name: named(variables.get(variable.name.value) ?? variable.name.value) }),
  });
}

const named = (value: string): NameNode => ({ kind: Kind.NAME, value });

interface Rewriting {
  readonly survey: Survey;
  readonly variables: ReadonlyMap<string, string>;
  readonly names: ReadonlyMap<FieldNode, string>;
  readonly also: SelectAlso | undefined;
}

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: named("__typename") };

function isTypeName(node: SelectionNode): boolean {
  return node.kind === Kind.FIELD && node.name.value === "__typename" && (node.directives ?? []).length === 0;
}

function rewritten(
  generation: SchemaGeneration,
  operation: OperationDefinitionNode,
  { survey, variables, names, also }: Rewriting,
): DocumentNode {
  const { apiSchema } = generation;
  const { interfaceObjects } = factsOf(generation);
  const fragments = new Map<string, FragmentDefinitionNode>();

  function ofDirectives(directives: readonly DirectiveNode[] | undefined): readonly DirectiveNode[] {
    return directives?.map((directive) => renamed(directive, variables)) ?? [];
  }

  function ofField(node: FieldNode, parent: GraphQLCompositeType): FieldNode {
    const directives = ofDirectives(node.directives);
    const name = node.name.value;
    if (name === "__typename") return { ...TYPE_NAME, directives: directives.filter(isCondition) };
    const internal = names.get(node) ?? name;
    return {
      kind: Kind.FIELD,
      ...(internal === name ? {} : { alias: named(internal) }),
      name: node.name,
      arguments: sortedArguments(node.arguments ?? []).map((argument) => renamed(argument, variables)),
      directives,
      ...(node.selectionSet === undefined
        ? {}
        : { selectionSet: ofFieldSet(node.selectionSet, typeOfField(parent, node)) }),
    };
  }

  function ofFieldSet(set: SelectionSetNode, type: GraphQLCompositeType): SelectionSetNode {
    const own = ofSet(set, type);
    // The writer must know what an object is, also where a subgraph declares a narrower type.
    const isTyped = !isAbstractType(type) || interfaceObjects.has(type.name) || own.selections.some(isTypeName);
    const typed = isTyped ? [] : [TYPE_NAME];
    const more = [...typed, ...(also?.(type) ?? [])];
    return more.length === 0 ? own : { ...own, selections: [...own.selections, ...more] };
  }

  function ofSet(set: SelectionSetNode, parent: GraphQLCompositeType): SelectionSetNode {
    const selections = set.selections.flatMap((node) => ofSelection(node, parent));
    return { kind: Kind.SELECTION_SET, selections: selections.length > 0 ? selections : [TYPE_NAME] };
  }

  function ofSelection(node: SelectionNode, parent: GraphQLCompositeType): SelectionNode[] {
    switch (node.kind) {
      case Kind.FIELD:
        return INTROSPECTION_FIELDS.has(node.name.value) ? [] : [ofField(node, parent)];
      case Kind.INLINE_FRAGMENT: {
        const type = conditionType(apiSchema, node.typeCondition?.name.value, parent);
        return [{ ...node, directives: ofDirectives(node.directives), selectionSet: ofSet(node.selectionSet, type) }];
      }
      case Kind.FRAGMENT_SPREAD: {
        const { name } = fragmentOf(node.name.value);
        return [{ kind: Kind.FRAGMENT_SPREAD, name, directives: ofDirectives(node.directives) }];
      }
    }
  }

  /** Named by what it selects: documents that subgraphs get may hold it. */
  function fragmentOf(name: string): FragmentDefinitionNode {
    const cachedFragment = fragments.get(name);
    if (cachedFragment !== undefined) return cachedFragment;
    const node = survey.fragments.get(name);
    if (node === undefined) throw new Error(`there is no fragment ${name}`);
    const type = conditionType(apiSchema, node.typeCondition.name.value, rootTypeOf(apiSchema, operation));
    const own = { ...node, directives: ofDirectives(node.directives), selectionSet: ofSet(node.selectionSet, type) };
    const content = print({ ...own, name: named("F") });
    const fragment = { ...own, name: named(`F_${hash("sha256", content, "hex").slice(0, FRAGMENT_DIGITS)}`) };
    fragments.set(name, fragment);
    return fragment;
  }

  const canonical: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: (operation.variableDefinitions ?? []).flatMap((definition) => {
      const name = variables.get(definition.variable.name.value);
      if (name === undefined) return [];
      return [{ ...definition, variable: { ...definition.variable, name: named(name) } }];
    }),
    directives: ofDirectives(operation.directives),
    selectionSet: ofSet(operation.selectionSet, rootTypeOf(apiSchema, operation)),
  };
  const byName = new Map([...fragments.values()].map((fragment) => [fragment.name.value, fragment]));
  return { kind: Kind.DOCUMENT, definitions: [canonical, ...byName.values()] };
}

/** Hexadecimal digits of a hash. */
const FRAGMENT_DIGITS = 12;
