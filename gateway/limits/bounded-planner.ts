/**
 * The query planner with a bound: it refuses operations that have too many possible plans. Where subgraphs can answer
 * for each other, a few hundred bytes can keep an unbounded planner busy for minutes. They can also use up the
 * process's memory.
 */
import type { Operation, Supergraph } from "@apollo/federation-internals";
import { type QueryPlan, QueryPlanner, type QueryPlannerConfig } from "@apollo/query-planner";
import { GraphQLError } from "graphql";

/**
 * Complete plans that are compared, those with the fewest changes of subgraph first. Each costs as much as planning an
 * operation anew.
 */
const MAX_EVALUATED_PLANS = 16;

/** How @apollo/query-planner 2.14.4 reports its two limits; it gives them no code. */
const TOO_COMPLEX = /^(Too many options generated for|Number of non-local selections exceeds limit)/;

/** `buildQueryPlan` throws GraphQLError `QUERY_PLAN_COMPLEXITY_EXCEEDED`. */
export class BoundedPlanner extends QueryPlanner {
  /** @param maxOptions ways to reach one selection that are followed at a time */
  constructor(supergraph: Supergraph, maxOptions: number, config: QueryPlannerConfig = {}) {
    super(supergraph, { ...config, debug: { maxEvaluatedPlans: MAX_EVALUATED_PLANS, pathsLimit: maxOptions } });
  }

  override buildQueryPlan(operation: Operation, options?: Parameters<QueryPlanner["buildQueryPlan"]>[1]): QueryPlan {
    try {
      return super.buildQueryPlan(operation, options);
    } catch (error) {
      if (!(error instanceof Error) || !TOO_COMPLEX.test(error.message)) throw error;
      throw new GraphQLError(
        "There are too many ways to answer the operation. Ask for less below fields that several subgraphs have, or in several operations.",
        { extensions: { code: "QUERY_PLAN_COMPLEXITY_EXCEEDED", http: { status: 400 } } },
      );
    }
  }
}
