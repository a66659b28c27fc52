/**
 * A plan of the federation planner as steps to run: flattened paths, compiled representations and rewrites. Immutable,
 * shared by all requests.
 */
import type {
  FetchNode,
  PlanNode,
  QueryPlan,
  QueryPlanSelectionNode,
  ResponsePath,
  SubscriptionNode,
} from "@apollo/query-planner";
import { type SubgraphOperation, subgraphOperation } from "../../transport/subgraph-client.ts";
import { compileRepresentation, type RepresentationBuilder } from "./representation.ts";
import { compileRewrites, type Rewrite } from "./rewrites.ts";
import { NO_TARGETS, type TargetPath, type TargetTree, targetsBelow } from "./targets.ts";
import type { TypeConditions } from "./type-conditions.ts";

export interface FetchStep {
  readonly kind: "fetch";
  readonly subgraph: string;
  readonly operation: SubgraphOperation;
  /** Variables that it uses, by the names that subgraphs get them by. */
  readonly variables: readonly string[];
  /** Where the objects are that it completes; `@` stands for every item of a list. */
  readonly path: ResponsePath;
  /** For entities; absent: the operation is about the root. */
  readonly representation: RepresentationBuilder | undefined;
  /** What it needs of an object, as the plan says it. */
  readonly requires: readonly QueryPlanSelectionNode[];
  /** Is an object of this type one of those that a condition in `requires` means? */
  fits(typeCondition: string, typeName: unknown): boolean;
  readonly inputRewrite: Rewrite | undefined;
  readonly outputRewrite: Rewrite | undefined;
  /** Response names that the output rewrite changes: errors carry the old ones. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Is what the subgraph calls a type the name of an interface? It knows the interface as an object. */
  isInterface(typeName: unknown): boolean;
  /** Objects of its answer that other fetches complete. */
  readonly targets: TargetTree;
}

/** Some of an operation's root fields, and what they take. */
export interface SerialPart {
  readonly step: Step;
  /** What the fields are called in the data. */
  readonly fields: readonly string[];
}

export type Step =
  | FetchStep
  | { readonly kind: "sequence" | "parallel"; readonly steps: readonly Step[] }
  /**
   * A part begins when the part before it can no longer change the answer. It does not begin when there is no answer
   * any more.
   */
  | { readonly kind: "serial"; readonly parts: readonly SerialPart[] };

/**
 * @param plan of a document without conditions; of a subscription what is fetched for one event, its root field first
 * @throws Error for a plan that needs what is not offered: `@defer`
 */
export function compileSteps({ node: planned }: QueryPlan, types: TypeConditions): Step | undefined {
  if (planned === undefined) return undefined;
  const node = planned.kind === "Subscription" ? forOneEvent(planned) : planned;
  const fetches = new Map<FetchNode, TargetPath>();
  collectFetches(node, [], types, fetches);
  return compileNode(node, { types, fetches });
}

function forOneEvent({ primary, rest }: SubscriptionNode): PlanNode {
  return { kind: "Sequence", nodes: rest === undefined ? [primary] : [primary, rest] };
}

interface Compilation {
  readonly types: TypeConditions;
  readonly fetches: ReadonlyMap<FetchNode, TargetPath>;
}

function compileNode(node: PlanNode, compilation: Compilation): Step {
  switch (node.kind) {
    case "Sequence":
      return { kind: "sequence", steps: node.nodes.map((inner) => compileNode(inner, compilation)) };
    case "Parallel":
      return { kind: "parallel", steps: node.nodes.map((inner) => compileNode(inner, compilation)) };
    case "Flatten":
      return compileNode(node.node, compilation);
    case "Fetch":
      return compileFetch(node, compilation);
    default:
      throw new Error(`the plan holds a ${node.kind}`);
  }
}

function compileFetch(node: FetchNode, { types, fetches }: Compilation): FetchStep {
  const { path, representation } = fetches.get(node) ?? NOWHERE;
  const below = [...fetches.values()].filter(
    (other) => other.path.length > path.length && path.every((part, index) => part === other.path[index]),
  );
  return {
    kind: "fetch",
    subgraph: node.serviceName,
    operation: subgraphOperation(node.operation, node.operationName, node.operationKind),
    variables: node.variableUsages ?? [],
    path,
    representation,
    requires: node.requires ?? [],
    fits: (typeCondition, typeName) => typeof typeName === "string" && types.matches(typeCondition, typeName),
    inputRewrite: compileRewrites(node.inputRewrites, types),
    outputRewrite: compileRewrites(node.outputRewrites, types),
    renamed: new Map(
      (node.outputRewrites ?? []).flatMap((rewrite) => {
        const name = rewrite.path.at(-1);
        return rewrite.kind === "KeyRenamer" && name !== undefined ? [[name, rewrite.renameKeyTo] as const] : [];
      }),
    ),
    isInterface: (typeName) => typeof typeName === "string" && types.isAbstract(typeName),
    targets: below.reduce(
      (tree, other) => targetsBelow(tree, { ...other, path: other.path.slice(path.length) }),
      NO_TARGETS,
    ),
  };
}

const NOWHERE: TargetPath = { path: [], representation: undefined };

function collectFetches(
  node: PlanNode,
  path: ResponsePath,
  types: TypeConditions,
  into: Map<FetchNode, TargetPath>,
): void {
  switch (node.kind) {
    case "Sequence":
    case "Parallel":
      for (const inner of node.nodes) collectFetches(inner, path, types, into);
      return;
    case "Flatten":
      collectFetches(node.node, [...path, ...node.path], types, into);
      return;
    case "Fetch": {
      const { requires } = node;
      into.set(node, {
        path,
        representation: requires === undefined ? undefined : compileRepresentation(requires, types),
      });
      return;
    }
    default:
      return;
  }
}
