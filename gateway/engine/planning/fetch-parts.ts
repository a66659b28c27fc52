/** The fetches of a plan without the order in which it runs them, and a plan made of such fetches. */
import type { FetchNode, PlanNode, QueryPlan, ResponsePath } from "@apollo/query-planner";
import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  print,
  type SelectionSetNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
  visit,
} from "graphql";
import { mergeSelections } from "../merged-selections.ts";

export interface FetchPart extends Pick<FetchNode, "requires" | "inputRewrites" | "outputRewrites" | "operationName"> {
  readonly subgraph: string;
  /** Where the objects are that it completes. */
  readonly path: ResponsePath;
  readonly operationKind: OperationTypeNode;
  /** Of the entities, or of the root. */
  readonly selectionSet: SelectionSetNode;
  /** Of the operation that it is a part of: some may be for others. */
  readonly variables: readonly VariableDefinitionNode[];
  /** Its representations hold what its fields require: an object that lacks some of it is not asked about. */
  readonly withRequired?: true;
  /** Counts the fields of a mutation's root: whatever one of them needs is fetched before the next one is called. */
  readonly turn: number;
}

/** What is not offered: the plan stays as it is, and may be refused. */
export class CannotRepair extends Error {}

/** @throws CannotRepair for a plan that holds more than fetches in sequence and in parallel */
export function partsOf({ node }: QueryPlan): FetchPart[] {
  const parts: FetchPart[] = [];
  let turn = 0;

  function visitNode(plan: PlanNode, path: ResponsePath): void {
    switch (plan.kind) {
      case "Sequence":
      case "Parallel":
        for (const inner of plan.nodes) visitNode(inner, path);
        return;
      case "Flatten":
        visitNode(plan.node, [...path, ...plan.path]);
        return;
      case "Fetch": {
        if (plan.operationKind === "mutation") turn += 1;
        parts.push({ ...partOf(plan), path, turn });
        return;
      }
      default:
        throw new CannotRepair(`the plan holds a ${plan.kind}`);
    }
  }

  if (node?.kind === "Subscription") {
    visitNode(node.primary, []);
    if (node.rest !== undefined) visitNode(node.rest, []);
  } else if (node !== undefined) visitNode(node, []);
  return parts;
}

function partOf(node: FetchNode): Omit<FetchPart, "path" | "turn"> {
  const [operation, ...fragments] = parse(node.operation, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || fragments.length > 0) {
    throw new CannotRepair("a fetch has fragments");
  }
  const [entities] = node.requires === undefined ? [] : operation.selectionSet.selections;
  return {
    subgraph: node.serviceName,
    operationKind: node.operationKind,
    operationName: node.operationName,
    selectionSet: (entities?.kind === Kind.FIELD ? entities.selectionSet : undefined) ?? operation.selectionSet,
    variables: operation.variableDefinitions ?? [],
    ...(node.requires === undefined ? {} : { requires: node.requires }),
    ...(node.inputRewrites === undefined ? {} : { inputRewrites: node.inputRewrites }),
    ...(node.outputRewrites === undefined ? {} : { outputRewrites: node.outputRewrites }),
  };
}

const REPRESENTATIONS = "representations";

const [ENTITIES] = parse("query($representations: [_Any!]!) { _entities(representations: $representations) }", {
  noLocation: true,
}).definitions;

/** The part as plans hold it, without its path. */
export function fetchNode(part: FetchPart): FetchNode {
  const used = new Set<string>();
  visit(part.selectionSet, { Variable: ({ name }) => void used.add(name.value) });
  const variables = part.variables.filter(({ variable }) => used.has(variable.name.value));
  return {
    kind: "Fetch",
    serviceName: part.subgraph,
    ...(part.requires === undefined ? {} : { requires: part.requires }),
    variableUsages: variables.map(({ variable }) => variable.name.value).filter((name) => name !== REPRESENTATIONS),
    operation: textOf(part, variables),
    operationKind: part.operationKind,
    operationName: part.operationName,
    ...(part.inputRewrites === undefined ? {} : { inputRewrites: part.inputRewrites }),
    ...(part.outputRewrites === undefined ? {} : { outputRewrites: part.outputRewrites }),
  };
}

function textOf(part: FetchPart, variables: readonly VariableDefinitionNode[]): string {
  const named =
    part.operationName === undefined ? {} : { name: { kind: Kind.NAME, value: part.operationName } as const };
  const operation: OperationDefinitionNode =
    part.requires === undefined
      ? {
          kind: Kind.OPERATION_DEFINITION,
          operation: part.operationKind,
          ...named,
          variableDefinitions: variables,
          selectionSet: part.selectionSet,
        }
      : { ...entityOperation(part.selectionSet, variables), ...named };
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation] };
  return stripIgnoredCharacters(print(mergeSelections(document)));
}

function entityOperation(
  selectionSet: SelectionSetNode,
  variables: readonly VariableDefinitionNode[],
): OperationDefinitionNode {
  if (ENTITIES?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no operation on entities");
  return {
    ...ENTITIES,
    variableDefinitions: [...(ENTITIES.variableDefinitions ?? []), ...variables],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: ENTITIES.selectionSet.selections.map((field) => ({ ...field, selectionSet })),
    },
  };
}

export function atPath(path: ResponsePath, node: FetchNode): PlanNode {
  return path.length === 0 ? node : { kind: "Flatten", path, node };
}
