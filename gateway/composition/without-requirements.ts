/** A supergraph in which no field requires another: for plans that are given their requirements later. */
import { Supergraph } from "@apollo/federation-internals";
import { parse, visit } from "graphql";

/** @param supergraphSdl of a valid supergraph */
export function withoutRequirements(supergraphSdl: string): Supergraph {
  const document = visit(parse(supergraphSdl, { noLocation: true }), {
    Directive(node) {
      if (node.name.value !== "join__field") return undefined;
      return { ...node, arguments: node.arguments?.filter(({ name }) => name.value !== "requires") ?? [] };
    },
  });
  return Supergraph.build(document, { validateSupergraph: false, supportedFeatures: null });
}
