/** Whose events change what a field shows: those of the subgraphs that the supergraph says may answer it. */
import type { Supergraph } from "@apollo/federation-internals";
import type { GraphQLCompositeType } from "graphql";
import type { SchemaGeneration } from "../../ports.ts";
import { changedBy } from "../changed-by.ts";
import type { EventSources } from "../event-sources.ts";
import { cacheHintsOf } from "../hints.ts";
import { ANY_SOURCE, sourceOf } from "../tags.ts";
import { entityKeysOf, membersOf } from "./entity-keys.ts";

/**
 * `*` among them: nobody knows. None for what changes with the field that leads to it: names of types, keys, and all
 * fields of what is no entity.
 */
export type FieldSources = (parent: GraphQLCompositeType, field: string) => ReadonlySet<string>;

export function fieldSourcesOf(generation: SchemaGeneration, sources: EventSources): FieldSources {
  const { apiSchema, supergraph } = generation;
  const keys = entityKeysOf(generation);
  const hints = cacheHintsOf(generation);
  const names = graphNames(supergraph);

  function ofMember(type: GraphQLCompositeType, field: string): readonly string[] {
    if (field === "__typename" || keys.ofType(type).includes(field)) return [];
    // What is no entity comes whole from who answers the field that leads to it.
    if (!keys.isEntity(type) && type.name !== apiSchema.getQueryType()?.name) return [];
    const graphs = graphsOf(supergraph, type.name, field) ?? [];
    const its = graphs.length === 0 ? [ANY_SOURCE] : graphs.map((graph) => sourceOf(sources, names.get(graph) ?? ""));
    return its.flatMap((source) => changedBy(hints, type.name, field, source));
  }

  return (parent, field) => {
    const members = membersOf(apiSchema, parent);
    return new Set((members.length === 0 ? [parent] : members).flatMap((type) => ofMember(type, field)));
  };
}

/** Values of `join__Graph`; `undefined` where what another subgraph says goes into it. */
function graphsOf({ schema }: Supergraph, typeName: string, name: string): readonly unknown[] | undefined {
  const type = schema.type(typeName);
  const field = type === undefined || !("field" in type) ? undefined : type.field(name);
  if (type === undefined || field === undefined) return undefined;
  const joins = field.appliedDirectivesOf("join__field").map((join) => join.arguments());
  if (joins.some((join) => join["requires"] !== undefined || join["graph"] === undefined)) return undefined;
  const graphs: unknown[] = joins.map((join) => join["graph"]);
  // Without one of its own a field is in every subgraph that has its type.
  return graphs.length > 0 ? graphs : type.appliedDirectivesOf("join__type").map((join) => join.arguments()["graph"]);
}

function graphNames({ schema }: Supergraph): ReadonlyMap<unknown, string> {
  const graphs = schema.type("join__Graph");
  const values = graphs?.kind === "EnumType" ? graphs.values : [];
  return new Map(
    values.flatMap((value): [string, string][] => {
      const name: unknown = value.appliedDirectivesOf("join__graph")[0]?.arguments()["name"];
      return typeof name === "string" ? [[value.name, name]] : [];
    }),
  );
}
