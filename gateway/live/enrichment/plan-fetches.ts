/** The fetches of a plan's rest that can go out together with those of others, found by what the executor hands to a data source. */
import type { FetchNode, PlanNode } from "@apollo/query-planner";
import type { SchemaGeneration } from "../../ports.ts";
import { createEntityFetches, type EntityFetch } from "./entity-fetch.ts";
import { readVersionedTypes, type VersionedTypes } from "./entity-versions.ts";

/** By subgraph and text in the plan. Every subgraph of the plan is there, also one whose fetches go out alone. */
export type PlanFetches = ReadonlyMap<string, ReadonlyMap<string, EntityFetch>>;

export interface FetchCompiler {
  compile(generation: SchemaGeneration, rest: PlanNode | undefined): PlanFetches;
}

const NONE: ReadonlySet<string> = new Set();

export function createFetchCompiler(): FetchCompiler {
  const versions = new WeakMap<SchemaGeneration, VersionedTypes>();
  const entityFetches = createEntityFetches();

  function versionedTypes(generation: SchemaGeneration): VersionedTypes {
    const known = versions.get(generation) ?? readVersionedTypes(generation);
    versions.set(generation, known);
    return known;
  }

  return {
    compile(generation, rest) {
      const found = new Map<string, Map<string, EntityFetch>>();
      for (const node of fetchNodes(rest)) {
        const ofSubgraph = found.get(node.serviceName) ?? new Map<string, EntityFetch>();
        found.set(node.serviceName, ofSubgraph);
        const fetch = entityFetches.compile(node, versionedTypes(generation).get(node.serviceName) ?? NONE);
        if (fetch !== undefined) ofSubgraph.set(node.operation, fetch);
      }
      return found;
    },
  };
}

function fetchNodes(node: PlanNode | undefined): FetchNode[] {
  switch (node?.kind) {
    case "Fetch":
      return [node];
    case "Sequence":
    case "Parallel":
      return node.nodes.flatMap(fetchNodes);
    case "Flatten":
      return fetchNodes(node.node);
    case "Condition":
      return [...fetchNodes(node.ifClause), ...fetchNodes(node.elseClause)];
    default:
      return [];
  }
}
