/**
 * Refuses operations whose arguments break what the supergraph declares of them, at any depth and before anything runs:
 * a subgraph would refuse them, too, but only when half of the answer has been made. What the values of `@skip` and
 * `@include` leave out is not looked at. An operation without such arguments costs a look-up, and one that is asked
 * again with the same values as well.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { SchemaSource } from "../ports.ts";
import { type ArgumentFault, argumentFault, type Variables } from "./argument-fault.ts";
import { type ArgumentRules, readArgumentRules } from "./argument-rules.ts";
import type { CostedOperation } from "./document-cost.ts";
import { perSchema } from "./per-schema.ts";

export interface ArgumentGuard {
  /** @throws GraphQLError `BAD_USER_INPUT` at the first selection that breaks a rule, with its path in the answer */
  admit(operation: CostedOperation): void;
}

/** Whoever varies the values makes the gateway look again, not remember. */
const MAX_CACHED_VERDICTS = 64;

/** A selection that breaks a rule. */
interface Fault extends ArgumentFault {
  readonly node: FieldNode;
  readonly path: readonly string[];
}

interface RuledDocument {
  /** Selections with rules. */
  readonly rules: ReadonlyMap<FieldNode, ArgumentRules>;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

interface RuledOperation {
  readonly document: RuledDocument;
  /** On which a verdict depends. */
  readonly variables: readonly string[];
  readonly verdicts: LRUCache<string, { readonly fault: Fault | undefined }>;
}

export function createArgumentGuard(source: SchemaSource): ArgumentGuard {
  const rulesOf = perSchema(source, (schema, supergraphSdl) => ({
    rules: readArgumentRules(supergraphSdl),
    documents: new WeakMap<DocumentNode, RuledDocument>(),
    operations: new WeakMap<OperationDefinitionNode, RuledOperation>(),
    schema,
  }));

  function operationOf({ schema, document, operation }: CostedOperation): RuledOperation | undefined {
    const { rules, documents, operations } = rulesOf(schema);
    if (rules.size === 0) return undefined;
    const cachedOperation = operations.get(operation);
    if (cachedOperation !== undefined) return cachedOperation;
    const ruled = documents.get(document) ?? findRules(schema, document, rules);
    documents.set(document, ruled);
    const variables = ruled.rules.size === 0 ? [] : variablesOf(document, ruled);
    const ruledOperation: RuledOperation = {
      document: ruled,
      variables,
      verdicts: new LRUCache({ max: MAX_CACHED_VERDICTS }),
    };
    operations.set(operation, ruledOperation);
    return ruledOperation;
  }

  return {
    admit(request) {
      const operation = operationOf(request);
      if (operation === undefined || operation.document.rules.size === 0) return;
      const key = keyOf(operation.variables, request.variables);
      const cachedVerdict = key === undefined ? undefined : operation.verdicts.get(key);
      const verdict = cachedVerdict ?? { fault: firstFault(operation.document, request) };
      if (key !== undefined && cachedVerdict === undefined) operation.verdicts.set(key, verdict);
      if (verdict.fault !== undefined) throw refusal(verdict.fault);
    },
  };
}

function findRules(
  schema: GraphQLSchema,
  document: DocumentNode,
  all: ReadonlyMap<string, ArgumentRules>,
): RuledDocument {
  const info = new TypeInfo(schema);
  const rules = new Map<FieldNode, ArgumentRules>();
  const fragments = new Map<string, FragmentDefinitionNode>();
  visit(
    document,
    visitWithTypeInfo(info, {
      FragmentDefinition(node) {
        fragments.set(node.name.value, node);
      },
      Field(node) {
        const found = all.get(`${info.getParentType()?.name}.${node.name.value}`);
        if (found !== undefined) rules.set(node, found);
      },
    }),
  );
  return { rules, fragments };
}

/** Variables in arguments that have rules, and in conditions. */
function variablesOf(document: DocumentNode, { rules }: RuledDocument): readonly string[] {
  const names = new Set<string>();
  const collect = { Variable: ({ name }: { readonly name: { readonly value: string } }) => void names.add(name.value) };
  for (const node of rules.keys()) for (const argument of node.arguments ?? []) visit(argument, collect);
  visit(document, {
    Directive(node) {
      if (node.name.value === GraphQLSkipDirective.name || node.name.value === GraphQLIncludeDirective.name) {
        visit(node, collect);
      }
    },
  });
  return [...names].sort();
}

/** @returns `undefined` where a value is neither a number nor one of a few: verdicts on it are not cached */
function keyOf(names: readonly string[], variables: Variables): string | undefined {
  let key = "";
  for (const name of names) {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== null && (typeof value === "object" || typeof value === "string")) return undefined;
    key += `${value} `;
  }
  return key;
}

/** Takes time linear in the document: a fragment is looked at where it is reached first. */
function firstFault(
  { rules, fragments }: RuledDocument,
  { operation, variables: sent }: CostedOperation,
): Fault | undefined {
  const variables = withDefaults(operation, sent);
  const reached = new Set<string>();
  const path: string[] = [];

  function inSelections({ selections }: SelectionSetNode): Fault | undefined {
    for (const selection of selections) {
      const fault = isAsked(selection, variables) ? inSelection(selection) : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  function inSelection(selection: SelectionNode): Fault | undefined {
    switch (selection.kind) {
      case Kind.INLINE_FRAGMENT:
        return inSelections(selection.selectionSet);
      case Kind.FRAGMENT_SPREAD: {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        if (fragment === undefined || reached.has(name)) return undefined;
        reached.add(name);
        return inSelections(fragment.selectionSet);
      }
      case Kind.FIELD:
        path.push((selection.alias ?? selection.name).value);
        try {
          return inField(selection);
        } finally {
          path.pop();
        }
    }
  }

  function inField(node: FieldNode): Fault | undefined {
    const own = rules.get(node);
    const fault = own === undefined ? undefined : argumentFault(own, node, variables);
    if (fault !== undefined) return { ...fault, node, path: [...path] };
    return node.selectionSet === undefined ? undefined : inSelections(node.selectionSet);
  }

  return inSelections(operation.selectionSet);
}

function withDefaults({ variableDefinitions }: OperationDefinitionNode, sent: Variables): Variables {
  const values: Record<string, unknown> = { ...sent };
  for (const { variable, defaultValue } of variableDefinitions ?? []) {
    const name = variable.name.value;
    if (defaultValue !== undefined && values[name] === undefined) values[name] = valueFromASTUntyped(defaultValue);
  }
  return values;
}

/** A condition without a value is refused where variables are read. */
function isAsked(selection: SelectionNode, variables: Variables): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return true;
  try {
    const skip = getDirectiveValues(GraphQLSkipDirective, selection, { ...variables });
    const include = getDirectiveValues(GraphQLIncludeDirective, selection, { ...variables });
    return skip?.["if"] !== true && include?.["if"] !== false;
  } catch {
    return false;
  }
}

function refusal({ message, argument, node, path }: Fault): GraphQLError {
  const about = argument === undefined ? {} : { field: [argument] };
  const extensions = { code: "BAD_USER_INPUT", http: { status: 400 }, ...about };
  return new GraphQLError(message, { nodes: [node], path, extensions });
}
