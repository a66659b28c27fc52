import { composeServices } from "@apollo/composition";
import { Supergraph as ComposedSupergraph } from "@apollo/federation-internals";
import { lexicographicSortSchema, parse, printSchema } from "graphql";
import type { SubgraphSource } from "./sources.ts";

/** The subgraphs do not fit together; `problems` has one line per error or hint. */
export class CompositionFailed extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(["The subgraphs do not compose:", ...problems.map((problem) => `  ${problem}`)].join("\n"));
    this.name = "CompositionFailed";
    this.problems = problems;
  }
}

export interface Supergraph {
  /**
   * What the gateway plans with. Routing URLs are placeholders: the gateway's configuration maps names to addresses.
   */
  readonly supergraphSdl: string;
  /** What clients see, sorted, with descriptions and without federation's machinery. */
  readonly apiSdl: string;
}

/**
 * Composes subgraphs into one supergraph. Hints count as errors: each tells of an inconsistency that a client would
 * meet later, and a list of tolerated hints hides the next one.
 * @throws CompositionFailed
 */
export const composeSupergraph = (sources: readonly SubgraphSource[]): Supergraph => {
  const result = composeServices(
    sources.map(({ name, sdl }) => ({ name, url: `http://${name}.invalid/graphql`, typeDefs: parse(sdl) })),
  );
  const problems = [
    ...(result.errors ?? []).map((error) => `error: ${error.message}`),
    ...(result.hints ?? []).map((hint) => `hint ${hint.definition.code}: ${hint.message}`),
  ];
  if (problems.length > 0 || result.supergraphSdl === undefined) throw new CompositionFailed(problems);

  const api = ComposedSupergraph.build(result.supergraphSdl).apiSchema().toGraphQLJSSchema();
  return { supergraphSdl: result.supergraphSdl, apiSdl: printSchema(lexicographicSortSchema(api)) };
};
