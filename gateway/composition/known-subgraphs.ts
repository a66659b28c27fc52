/**
 * Whether a supergraph and the subgraphs that there are belong together. A name that only one of them knows is a
 * forgotten `npm run schema` or a folder that is gone: without this check the gateway would run, and its requests would
 * fail.
 */
import { AppError } from "../../platform/errors/app-error.ts";
import type { SchemaGeneration } from "../ports.ts";

/** Live fields are composed as a subgraph of their own, which the gateway answers itself. */
const LIVE = /_live$/;

/** @throws AppError `CONFIG_INVALID` naming the subgraphs of the supergraph that nobody serves */
export function refuseUnknownSubgraphs({ supergraph }: SchemaGeneration, served: ReadonlySet<string>): void {
  const unknown = [...composedNames({ supergraph })].filter((name) => !served.has(name));
  if (unknown.length > 0) throw refuse(unknown, "it names", "that are not there");
}

/** @throws AppError `CONFIG_INVALID` naming the subgraphs that the supergraph does not know */
export function refuseForgottenSubgraphs({ supergraph }: SchemaGeneration, served: Iterable<string>): void {
  const composed = composedNames({ supergraph });
  const forgotten = [...served].filter((name) => !composed.has(name));
  if (forgotten.length > 0) throw refuse(forgotten, "it lacks", "that are there");
}

function composedNames({ supergraph }: Pick<SchemaGeneration, "supergraph">): ReadonlySet<string> {
  return new Set(supergraph.subgraphsMetadata().map(({ name }) => name.replace(LIVE, "")));
}

function refuse(names: readonly string[], verb: string, state: string): AppError {
  return new AppError(
    "CONFIG_INVALID",
    `The supergraph does not fit: ${verb} subgraphs ${state}: ${names.join(", ")}. Run npm run schema, or correct SUPERGRAPH_FILE.`,
  );
}
