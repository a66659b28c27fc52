/** The SDL of a subgraph, parsed. */
import { fileURLToPath } from "node:url";
import { type DocumentNode, parse } from "graphql";
import { readSdl } from "../../schema/sources.ts";

/** @param subgraph name of the subgraph, hence of its file in the schema folder */
export function loadTypeDefs(subgraph: string): DocumentNode {
  const file = fileURLToPath(new URL(`../../schema/${subgraph}.graphql`, import.meta.url));
  return parse(readSdl(file), { noLocation: true });
}
