/**
 * Refuses operations that could cost too much, before they are planned. An operation is measured once per schema and
 * per lengths that its variables ask for: asked again, it costs a look-up.
 */
import { GraphQLError, type OperationDefinitionNode } from "graphql";
import { LRUCache } from "lru-cache";
import type { SchemaSource } from "../ports.ts";
import { readCostDirectives } from "./cost-directives.ts";
import { type CostModel, createCostModel } from "./cost-model.ts";
import { type CostedOperation, costOfOperation, countOf, sizingVariables, type Variables } from "./document-cost.ts";
import { perSchema } from "./per-schema.ts";

export interface Cost {
  readonly estimated: number;
  readonly maximum: number;
}

export interface CostGuard {
  /** @throws GraphQLError `COST_ESTIMATED_TOO_EXPENSIVE` with `estimated` and `maximum` in its extensions */
  admit(operation: CostedOperation): Cost;
}

export interface CostGuardOptions {
  readonly schema: SchemaSource;
  readonly maxCost: number;
  readonly assumedListSize: number;
}

/** Whoever varies the sizes makes the gateway measure again, not remember. */
const MAX_CACHED_ESTIMATES = 64;

interface MeasuredOperation {
  readonly variables: readonly string[];
  readonly estimates: LRUCache<string, number>;
}

interface MeasuredSchema {
  readonly model: CostModel;
  readonly operations: WeakMap<OperationDefinitionNode, MeasuredOperation>;
}

export function createCostGuard({ schema: source, maxCost, assumedListSize }: CostGuardOptions): CostGuard {
  const schemaOf = perSchema(
    source,
    (schema, supergraphSdl): MeasuredSchema => ({
      model: createCostModel(schema, readCostDirectives(supergraphSdl), assumedListSize),
      operations: new WeakMap(),
    }),
  );

  function operationOf(
    { model, operations }: MeasuredSchema,
    { document, operation }: CostedOperation,
  ): MeasuredOperation {
    const cachedOperation = operations.get(operation);
    if (cachedOperation !== undefined) return cachedOperation;
    const measuredOperation: MeasuredOperation = {
      variables: sizingVariables(model, document),
      estimates: new LRUCache({ max: MAX_CACHED_ESTIMATES }),
    };
    operations.set(operation, measuredOperation);
    return measuredOperation;
  }

  function estimate(request: CostedOperation): number {
    const schema = schemaOf(request.schema);
    const { variables, estimates } = operationOf(schema, request);
    const key = variables.map((name) => sizeKey(request.variables, name)).join(" ");
    const cachedEstimate = estimates.get(key);
    if (cachedEstimate !== undefined) return cachedEstimate;
    const cost = costOfOperation(schema.model, request.document, request.operation, request.variables);
    estimates.set(key, cost);
    return cost;
  }

  return {
    admit(request) {
      const estimated = estimate(request);
      if (estimated <= maxCost) return { estimated, maximum: maxCost };
      throw new GraphQLError(
        `The operation could cost ${estimated}; ${maxCost} is allowed. Ask for smaller pages, or for fewer lists within lists.`,
        {
          extensions: {
            code: "COST_ESTIMATED_TOO_EXPENSIVE",
            estimated,
            maximum: maxCost,
            http: { status: 400 },
          },
        },
      );
    },
  };
}

/** Absent is not null: a default value holds only for the former. */
function sizeKey(variables: Variables, name: string): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === undefined ? "-" : String(countOf(value) ?? "?");
}
