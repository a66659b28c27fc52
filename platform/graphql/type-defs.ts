/** SDL files of the schema folder, parsed. */
import { readFileSync } from "node:fs";
import { type DocumentNode, parse } from "graphql";

/** @param subgraph name of the subgraph, hence of its file */
export function loadTypeDefs(subgraph: string): DocumentNode {
  return parse(readFileSync(new URL(`../../schema/${subgraph}.graphql`, import.meta.url), "utf8"), {
    noLocation: true,
  });
}
