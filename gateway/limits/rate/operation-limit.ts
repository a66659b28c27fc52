/**
 * What limits an operation once it is known: attempts at single fields, then what its organisations may spend. One
 * translation of both.
 */
import { type Identity, principalId, principalOf } from "../../../platform/auth/identity.ts";
import { findAppError } from "../../../platform/errors/app-error.ts";
import { toRequestError } from "../../errors/public-error.ts";
import type { GatewayContext } from "../../ports.ts";
import type { CostedOperation } from "../document-cost.ts";
import { callerAddress } from "./caller-address.ts";
import type { CostBudget } from "./cost-budget.ts";
import type { FieldLimit } from "./field-limit.ts";

export interface OperationLimit {
  /**
   * @param cost as it was estimated
   * @throws GraphQLError `RATE_LIMITED`, with status 429 and `Retry-After`
   */
  admit(operation: CostedOperation, context: GatewayContext, cost: number): Promise<void>;
}

export function createOperationLimit(fields: FieldLimit, budget: CostBudget): OperationLimit {
  return {
    async admit(operation, { identity, client, clientName }, cost) {
      // Nobody's calls: what the gateway asks on its own account.
      if (identity.kind === "AUDIENCE" || identity.kind === "SERVICE") return;
      try {
        const address = callerAddress(client.ip);
        await fields.admit(operation, { key: keyOf(identity, address), address });
        await budget.spend({
          identity,
          clientName: clientName?.name,
          cost,
          variables: operation.variables,
          text: operation.document.loc?.source.body,
        });
      } catch (error) {
        const appError = findAppError(error);
        throw appError === undefined ? error : toRequestError(appError);
      }
    },
  };
}

function keyOf(identity: Identity, address: string): string {
  const principal = principalOf(identity);
  return principal === undefined ? address : principalId(principal);
}
