/** Turns supergraph SDL into a generation, or refuses it: nothing half-built ever becomes current. */
import { createHash } from "node:crypto";
import { Supergraph } from "@apollo/federation-internals";
import { AppError } from "../../platform/errors/app-error.ts";
import { BoundedPlanner } from "../limits/bounded-planner.ts";
import type { SchemaGeneration } from "../ports.ts";
import { refuseUnsupportedFeatures } from "./unsupported-features.ts";
import { withoutRequirements } from "./without-requirements.ts";

/** More than any operation of ours needs, tenfold. */
const PLAN_OPTIONS = 50;

/**
 * @throws AppError `CONFIG_INVALID` when the SDL is no valid supergraph, `SUPERGRAPH_UNSUPPORTED` when it is one but
 * asks for what the gateway does not do
 */
export function buildGeneration(supergraphSdl: string, maxPlanOptions = PLAN_OPTIONS): SchemaGeneration {
  try {
    // The library's own check of features tells neither directives nor fields, and misses what the join carries.
    const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: true, supportedFeatures: null });
    refuseUnsupportedFeatures(supergraph.schema);
    const planningSchema = supergraph.apiSchema();
    let planner: BoundedPlanner | undefined;
    let requirementFree: BoundedPlanner | undefined;
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
      requirementFreePlanner() {
        requirementFree ??= new BoundedPlanner(withoutRequirements(supergraphSdl), maxPlanOptions, {
          // Fetches are taken apart: each has to be whole in itself.
          reuseQueryFragments: false,
        });
        return requirementFree;
      },
    };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("CONFIG_INVALID", `This is not a valid supergraph: ${reason}`, { cause: error });
  }
}
