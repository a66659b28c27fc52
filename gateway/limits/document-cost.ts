/**
 * The cost of an operation, from its text and variables alone. Each spread of a fragment counts, and what `@skip` or
 * `@include` may leave out counts as well. Guarantees time linear in the document: a fragment is measured once,
 * wherever it is spread.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  type ValueNode,
  valueFromASTUntyped,
  visit,
} from "graphql";
import { LosslessNumber } from "../transport/lossless-number.ts";
import type { CostModel, FieldCost } from "./cost-model.ts";

export type Variables = Readonly<Record<string, unknown>>;

export interface CostedOperation {
  /** That the document was validated against. */
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Variables;
}

/** A command is a transaction, whatever it selects. */
const MUTATION_COST = 10;
/** What is dearer is as good as infinitely dear, and JSON has no infinity. */
const MAX = Number.MAX_SAFE_INTEGER;

/** A list whose length the field that holds the selection may know better than the list itself. */
interface ListedCost {
  /** With the size that the list itself assumes. */
  readonly own: number;
  /** Per value. */
  readonly each: number;
}

interface Measure {
  readonly fixed: number;
  /** By field name. */
  readonly listed: ReadonlyMap<string, ListedCost>;
}

const NOTHING: Measure = { fixed: 0, listed: new Map() };

/**
 * @param document valid for the model's schema
 * @returns a whole number, at most `Number.MAX_SAFE_INTEGER`
 */
export function costOfOperation(
  model: CostModel,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [
      variable.name.value,
      defaultValue === undefined ? undefined : valueFromASTUntyped(defaultValue),
    ]),
  );
  const measured = new Map<string, Measure>();

  function asGiven(node: ValueNode): unknown {
    if (node.kind !== Kind.VARIABLE) return valueFromASTUntyped(node);
    const name = node.name.value;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return value === undefined ? defaults.get(name) : value;
  }

  function ofFragment(name: string): Measure {
    const cachedMeasure = measured.get(name);
    if (cachedMeasure !== undefined) return cachedMeasure;
    // A cycle ends here; validation refuses it.
    measured.set(name, NOTHING);
    const fragment = fragments.get(name);
    const type = fragment && model.schema.getType(fragment.typeCondition.name.value);
    const result = fragment === undefined || type === undefined ? NOTHING : ofSelections(type, fragment.selectionSet);
    measured.set(name, result);
    return result;
  }

  function ofSelections(parent: GraphQLNamedType, { selections }: SelectionSetNode): Measure {
    let fixed = 0;
    const listed = new Map<string, ListedCost>();
    function add(name: string, { own, each }: ListedCost): void {
      const sum = listed.get(name) ?? { own: 0, each: 0 };
      listed.set(name, { own: plus(sum.own, own), each: plus(sum.each, each) });
    }
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const cost = model.field(parent, selection.name.value);
        if (cost === undefined) continue;
        const { once, each, values } = ofField(cost, selection);
        fixed = plus(fixed, once);
        if (model.sizedFields.has(selection.name.value) && cost.lists > 0) {
          add(selection.name.value, { own: times(values, each), each });
        } else fixed = plus(fixed, times(values, each));
        continue;
      }
      const part =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(selection.name.value)
          : ofSelections(narrowed(parent, selection.typeCondition?.name.value), selection.selectionSet);
      fixed = plus(fixed, part.fixed);
      for (const [name, list] of part.listed) add(name, list);
    }
    return { fixed, listed };
  }

  function narrowed(parent: GraphQLNamedType, condition: string | undefined): GraphQLNamedType {
    return (condition === undefined ? undefined : model.schema.getType(condition)) ?? parent;
  }

  function ofField(cost: FieldCost, node: FieldNode): { once: number; each: number; values: number } {
    let once = 0;
    for (const arg of node.arguments ?? []) once = plus(once, cost.arguments.get(arg.name.value) ?? 0);
    const size = sizeOf(cost, node);
    const below = node.selectionSet === undefined ? NOTHING : ofSelections(cost.type, node.selectionSet);
    let each = plus(cost.weight, below.fixed);
    for (const [name, list] of below.listed) {
      each = plus(each, cost.sizedFields.has(name) ? times(size, list.each) : list.own);
    }
    // Sizes say how long the outermost list is, or, when they are for fields below, nothing of the field's own.
    const outermost = cost.sizedFields.size > 0 ? cost.unsized : size;
    const values = cost.lists === 0 ? 1 : times(outermost, cost.unsized ** (cost.lists - 1));
    return { once, each, values };
  }

  function sizeOf(cost: FieldCost, node: FieldNode): number {
    let size: number | undefined;
    for (const [name, fallback] of cost.slicing) {
      const argument = node.arguments?.find((arg) => arg.name.value === name);
      const asked = argument === undefined ? undefined : asGiven(argument.value);
      const values = countOf(asked === undefined ? fallback : asked);
      // Of several, which no server of ours accepts, the largest counts.
      if (values !== undefined) size = Math.max(size ?? 0, values);
    }
    return size ?? cost.assumedSize;
  }

  const root = model.schema.getRootType(operation.operation);
  if (root == null) return 0;
  const { fixed, listed } = ofSelections(root, operation.selectionSet);
  let total = operation.operation === OperationTypeNode.MUTATION ? plus(MUTATION_COST, fixed) : fixed;
  for (const { own } of listed.values()) total = plus(total, own);
  return Math.ceil(total);
}

/** Names of variables that the cost depends on: those given to arguments which say how long a list is. */
export function sizingVariables(model: CostModel, document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Argument({ name, value }) {
      if (value.kind === Kind.VARIABLE && model.slicingArguments.has(name.value)) names.add(value.name.value);
    },
  });
  return [...names].sort();
}

/** @returns how many values an argument asks for; `undefined` when it does not say */
export function countOf(value: unknown): number | undefined {
  if (value instanceof LosslessNumber) return countOf(value.toNumber());
  if (typeof value === "number") return value >= 0 ? value : undefined;
  if (Array.isArray(value)) return value.length;
  // One value in the place of a list is a list of one.
  return typeof value === "string" ? 1 : undefined;
}

const plus = (a: number, b: number): number => Math.min(MAX, a + b);
const times = (a: number, b: number): number => Math.min(MAX, a * b);
