/** The fetches of a plan that can go out together with those of others. */
import type { FetchStep } from "../../engine/plan/steps.ts";
import type { SchemaGeneration } from "../../ports.ts";
import type { SubgraphOperation } from "../../transport/subgraph-client.ts";
import { createEntityFetches, type EntityFetch } from "./entity-fetch.ts";
import { readVersionedTypes, type VersionedTypes } from "./entity-versions.ts";

/** Others go out alone. */
export type PlanFetches = ReadonlyMap<SubgraphOperation, EntityFetch>;

export interface FetchCompiler {
  compile(generation: SchemaGeneration, steps: readonly FetchStep[]): PlanFetches;
}

const NONE: ReadonlySet<string> = new Set();

export function createFetchCompiler(): FetchCompiler {
  const versions = new WeakMap<SchemaGeneration, VersionedTypes>();
  const entityFetches = createEntityFetches();

  function versionedTypes(generation: SchemaGeneration): VersionedTypes {
    const versionedTypes = versions.get(generation) ?? readVersionedTypes(generation);
    versions.set(generation, versionedTypes);
    return versionedTypes;
  }

  return {
    compile(generation, steps) {
      const types = versionedTypes(generation);
      const found = new Map<SubgraphOperation, EntityFetch>();
      for (const { subgraph, operation, requires } of steps) {
        const fetch = entityFetches.compile(
          { operation: operation.text, requires: [...requires] },
          types.get(subgraph) ?? NONE,
        );
        if (fetch !== undefined) found.set(operation, fetch);
      }
      return found;
    },
  };
}
