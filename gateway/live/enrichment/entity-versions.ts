/**
 * Finds the entity types that tell their version, per subgraph. A `version: Int!` that a subgraph resolves itself is
 * the aggregate version of events about that entity. The event's subject is the entity's id. So an answer can be
 * compared with an event.
 */
import type { SchemaGeneration } from "../../ports.ts";

/** Names of object types by subgraph. */
export type VersionedTypes = ReadonlyMap<string, ReadonlySet<string>>;

export function readVersionedTypes({ supergraph }: Pick<SchemaGeneration, "supergraph">): VersionedTypes {
  const types = new Map<string, ReadonlySet<string>>();
  for (const subgraph of supergraph.subgraphs()) {
    const versioned = subgraph.schema.objectTypes().filter((type) => {
      const field = type.field("version");
      return field?.type?.toString() === "Int!" && !subgraph.metadata().isFieldExternal(field);
    });
    types.set(subgraph.name, new Set(versioned.map(({ name }) => name)));
  }
  return types;
}
