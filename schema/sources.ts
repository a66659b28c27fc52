import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { withSharedDefinitions } from "./shared-definitions.ts";

/** One SDL file: a subgraph (`billing.graphql`) or the live fields of one (`billing.live.graphql`). */
export interface SubgraphSource {
  /** Name in the supergraph: `billing`, or `billing_live`, which the gateway itself answers. */
  readonly name: string;
  readonly live: boolean;
  /** Complete, with the shared definitions that the file uses. */
  readonly sdl: string;
}

/** Every subgraph with SDL in the folder, in alphabetical order: a new subgraph is a new file. */
export const readSubgraphSources = (directory: string): SubgraphSource[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(".graphql"))
    .sort()
    .map((file) => {
      const live = file.endsWith(".live.graphql");
      const base = file.slice(0, -(live ? ".live.graphql" : ".graphql").length);
      return { name: live ? `${base}_live` : base, live, sdl: readSdl(join(directory, file)) };
    });

/** The SDL of one file, complete. */
export const readSdl = (file: string): string => withSharedDefinitions(readFileSync(file, "utf8"), basename(file));
