/** What a valid operation must pass before it is planned or followed, the same over every transport. */
import { createArgumentGuard } from "./argument-guard.ts";
import { type Cost, type CostGuardOptions, createCostGuard } from "./cost-guard.ts";
import type { CostedOperation } from "./document-cost.ts";

export interface OperationGuard {
  /**
   * @returns what it could cost
   * @throws GraphQLError `BAD_USER_INPUT` for an argument that breaks what the supergraph declares,
   * `COST_ESTIMATED_TOO_EXPENSIVE`
   */
  admit(operation: CostedOperation): Cost;
}

export function createOperationGuard(options: CostGuardOptions): OperationGuard {
  const rules = createArgumentGuard(options.schema);
  const costs = createCostGuard(options);
  return {
    admit(operation) {
      rules.admit(operation);
      return costs.admit(operation);
    },
  };
}
