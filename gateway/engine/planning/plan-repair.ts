/**
 * Plans an operation whose requirements the planner gets wrong. The planner plans without requirements, for an
 * operation that selects everything that is required. Then each field with a requirement gets a fetch of its own, which
 * sends what it requires. Last, the fetches are put in the order in which they need each other.
 */
import { hash } from "node:crypto";
import { type Operation, operationFromDocument } from "@apollo/federation-internals";
import type { FetchNode, PlanNode, QueryPlan, QueryPlanner } from "@apollo/query-planner";
import { type DocumentNode, type FieldNode, GraphQLError } from "graphql";
import type { SchemaGeneration } from "../../ports.ts";
import { mergeSelections } from "../merged-selections.ts";
import type { FederationFacts } from "./federation-facts.ts";
import { inOrder } from "./fetch-order.ts";
import { CannotRepair, partsOf } from "./fetch-parts.ts";
import { meaningOf } from "./field-sets.ts";
import { withRequiredFields } from "./required-fields.ts";
import { splitByRequirements } from "./requirement-split.ts";

/** @returns `undefined` when there is no such plan either */
export function repairPlan(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
  facts: FederationFacts,
): QueryPlan | undefined {
  const planner = generation.requirementFreePlanner();
  const expanded = withRequiredFields(document, operationName, facts, internalName);
  const operation = operationFromDocument(planner.supergraph.schema, mergeSelections(expanded.document), {
    validate: false,
    ...(operationName === undefined ? {} : { operationName }),
  });
  try {
    const plan = planFor(planner, operation);
    const parts = partsOf(plan).flatMap((part) => splitByRequirements(part, facts, expanded.names));
    const groups = inOrder(parts, facts);
    return plan.node?.kind === "Subscription" ? subscription(groups) : query(groups);
  } catch (error) {
    if (error instanceof CannotRepair) return undefined;
    throw error;
  }
}

/** @throws CannotRepair where the planner gives up: it finds no way, or breaks; GraphQLError where it is told to */
function planFor(planner: QueryPlanner, operation: Operation): QueryPlan {
  try {
    return planner.buildQueryPlan(operation);
  } catch (cause) {
    if (cause instanceof GraphQLError) throw cause;
    throw new CannotRepair("the planner gave up", { cause });
  }
}

/**
 * No field of a schema ends in such a hash, and no name that the planner or the gateway makes up for a client's field.
 */
function internalName(field: FieldNode): string {
  return `${field.name.value}_${hash("sha256", `required ${meaningOf(field)}`, "hex").slice(0, 12)}`;
}

function query(groups: readonly PlanNode[][]): QueryPlan {
  const [only, ...others] = groups;
  if (only === undefined) return { kind: "QueryPlan" };
  return { kind: "QueryPlan", node: others.length === 0 ? together(only) : inTurn(groups) };
}

function subscription([first, ...rest]: readonly PlanNode[][]): QueryPlan {
  const [primary, ...beside] = first ?? [];
  if (primary?.kind !== "Fetch" || beside.length > 0) throw new CannotRepair("a subscription begins with one fetch");
  const node = { kind: "Subscription", primary } as const satisfies { kind: "Subscription"; primary: FetchNode };
  return { kind: "QueryPlan", node: rest.length === 0 ? node : { ...node, rest: inTurn(rest) } };
}

function inTurn(groups: readonly PlanNode[][]): PlanNode {
  return { kind: "Sequence", nodes: groups.map(together) };
}

function together(nodes: readonly PlanNode[]): PlanNode {
  const [only, ...others] = nodes;
  return only !== undefined && others.length === 0 ? only : { kind: "Parallel", nodes: [...nodes] };
}
