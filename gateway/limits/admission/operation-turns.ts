/** An operation's way through the admission: whose turn it takes, in which class, and how a refusal looks. */
import { type Identity, principalOf } from "../../../platform/auth/identity.ts";
import { findAppError } from "../../../platform/errors/app-error.ts";
import { toRequestError } from "../../errors/public-error.ts";
import type { GatewayContext } from "../../ports.ts";
import type { CostedOperation } from "../document-cost.ts";
import { namedOrganizations } from "../named-organizations.ts";
import { callerKey } from "../rate/call-limit.ts";
import type { Admission } from "./admission.ts";
import { classOf } from "./operation-class.ts";

export interface OperationTurns {
  /**
   * Resolves when the operation may run; `context.endTurn` gives its place back.
   * @param cost as it was estimated
   * @throws GraphQLError `SERVICE_UNAVAILABLE`, with status 503 and `Retry-After`
   */
  begin(operation: CostedOperation, context: GatewayContext, cost: number): Promise<void>;
}

export function createOperationTurns(admission: Admission): OperationTurns {
  return {
    async begin(asked, context, cost) {
      const { identity, client, deadline, signal } = context;
      // Nobody's operations: what the gateway asks on its own account, for live streams above all.
      if (identity.kind === "AUDIENCE" || identity.kind === "SERVICE") return;
      const caller = callerKey(identity, client.ip);
      try {
        const entered = admission.enter({
          operationClass: classOf(asked.operation.operation, cost),
          tenant: tenantOf(identity, asked) ?? caller,
          caller,
          operation: asked.operation,
          deadline,
          signal,
        });
        context.endTurn = entered instanceof Promise ? await entered : entered;
      } catch (error) {
        const appError = findAppError(error);
        throw appError === undefined ? error : toRequestError(appError);
      }
    },
  };
}

/** The organisation that the operation speaks of; `undefined`: of none, or of several. */
function tenantOf(identity: Identity, { variables, document }: CostedOperation): string | undefined {
  const principal = principalOf(identity);
  if (principal === undefined) return undefined;
  const named = namedOrganizations(variables, document.loc?.source.body, [...principal.grants.keys()]);
  return named.length === 1 ? named[0] : undefined;
}
