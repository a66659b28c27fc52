/** Turns supergraph SDL into a generation, or refuses it: nothing half-built ever becomes current. */
import { createHash } from "node:crypto";
import { Supergraph } from "@apollo/federation-internals";
import { AppError } from "../../platform/errors/app-error.ts";
import { BoundedPlanner } from "../limits/bounded-planner.ts";
import type { SchemaGeneration } from "../ports.ts";

/** More than any operation of ours needs, tenfold. */
const PLAN_OPTIONS = 50;

/** @throws AppError `CONFIG_INVALID` when the SDL is no valid supergraph */
export function buildGeneration(supergraphSdl: string, maxPlanOptions = PLAN_OPTIONS): SchemaGeneration {
  try {
    const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: true });
    const planningSchema = supergraph.apiSchema();
    let planner: BoundedPlanner | undefined;
    return {
      id: createHash("sha256").update(supergraphSdl).digest("hex").slice(0, 16),
      supergraphSdl,
      supergraph,
      supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
      planningSchema,
      apiSchema: planningSchema.toGraphQLJSSchema(),
      queryPlanner() {
        planner ??= new BoundedPlanner(supergraph, maxPlanOptions);
        return planner;
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("CONFIG_INVALID", `This is not a valid supergraph: ${reason}`, { cause: error });
  }
}
