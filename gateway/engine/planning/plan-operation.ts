/**
 * The way to a plan: every operation, of whatever transport, is planned here. Apollo's planner (@apollo/query-planner
 * 2.14.4) gets some requirements wrong: it feeds a field what another requirement, with other arguments, asked for, and
 * fetches a required field without what that one requires. So plans are checked where the supergraph gives reason to.
 */
import { operationFromDocument } from "@apollo/federation-internals";
import type { QueryPlan } from "@apollo/query-planner";
import { type DocumentNode, GraphQLError } from "graphql";
import type { SchemaGeneration } from "../../ports.ts";
import { factsOf } from "./federation-facts.ts";
import "./linear-variables.ts";
import { markLiterals, unmarkedText, unmarkLiterals } from "./literal-marks.ts";
import { checkPlan, type PlanFault } from "./plan-check.ts";
import { repairPlan } from "./plan-repair.ts";
import { unansweredFields } from "./unanswered-fields.ts";

/** Faults that a refusal names. */
const MAX_FAULTS = 5;

/**
 * @param document valid for the generation's API schema, without conditions
 * @throws GraphQLError `QUERY_PLAN_UNSUPPORTED` when a field would be answered wrongly,
 * `QUERY_PLAN_COMPLEXITY_EXCEEDED`
 */
export function planOperation(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
): QueryPlan {
  const marked = markLiterals(document, generation.apiSchema);
  const plan = checkedPlan(generation, marked, operationName);
  if (marked !== document) unmarkLiterals(plan);
  return plan;
}

function checkedPlan(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
): QueryPlan {
  const facts = factsOf(generation);
  if (!facts.mustCheck) return stockPlan(generation, document, operationName);
  const faultsOf = (plan: QueryPlan): PlanFault[] => {
    const { faults, data } = checkPlan(plan, facts);
    return [...faults, ...unansweredFields(document, operationName, data, facts)];
  };
  const tryRepair = (): QueryPlan | undefined => {
    const repaired = repairPlan(generation, document, operationName, facts);
    return repaired === undefined || faultsOf(repaired).length > 0 ? undefined : repaired;
  };
  let plan: QueryPlan;
  try {
    plan = stockPlan(generation, document, operationName);
  } catch (error) {
    // A refusal has a code. Without one, the planner broke on requirements that it could not put in order.
    const repaired = error instanceof GraphQLError ? undefined : tryRepair();
    if (repaired === undefined) throw error;
    return repaired;
  }
  const faults = faultsOf(plan);
  if (faults.length === 0) return plan;
  const repaired = tryRepair();
  if (repaired === undefined) throw unsupported(faults);
  return repaired;
}

function stockPlan(generation: SchemaGeneration, document: DocumentNode, operationName: string | undefined): QueryPlan {
  const named = operationName === undefined ? {} : { operationName };
  const operation = operationFromDocument(generation.planningSchema, document, { validate: false, ...named });
  return generation.queryPlanner().buildQueryPlan(operation);
}

function unsupported(faults: readonly PlanFault[]): GraphQLError {
  const lines = faults.slice(0, MAX_FAULTS).map(({ field, reason }) => unmarkedText(`${field} ${reason}`));
  const more = faults.length - lines.length;
  return new GraphQLError(
    `The operation cannot be planned so that every field is answered rightly: ${lines.join("; ")}${
      more > 0 ? `; and ${more} more` : ""
    }. Ask for these fields in operations of their own.`,
    { extensions: { code: "QUERY_PLAN_UNSUPPORTED", http: { status: 400 } } },
  );
}
