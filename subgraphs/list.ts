/**
 * The one list of subgraphs: the folders beside this file. Each says of itself in `subgraph.ts` what others need to
 * know; a folder that comes or goes is all that a start, a migration, a seed, the gateway's addresses, `.env.example`
 * and the tests' stacks need.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AppError } from "../platform/errors/app-error.ts";
import {
  isSubgraphModule,
  type ListedSubgraph,
  type SubgraphModule,
  topicOf,
} from "../platform/graphql/subgraph-definition.ts";
import { subgraphDatabases } from "../prisma/subgraph-databases.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Topics, roles and variables are made of it. */
const NAME = /^[a-z]+$/;

/** What belongs to a subgraph beside its own folder; with the command that writes it. */
const PARTS = [
  { path: (name: string) => `subgraphs/${name}/subgraph.ts` },
  { path: (name: string) => `schema/${name}.graphql` },
  { path: (name: string) => `schema/generated/${name}.ts`, command: "npm run schema" },
  { path: (name: string) => `prisma/${name}/schema.prisma` },
  { path: (name: string) => `prisma/${name}/generated/client.ts`, command: "npm run db:generate" },
] as const;

/**
 * @param root the project's folder
 * @returns in alphabetical order
 * @throws AppError `CONFIG_INVALID` naming everything that is missing or contradicts itself
 */
export async function listSubgraphs(root: string = ROOT): Promise<readonly ListedSubgraph[]> {
  const entries = await readdir(join(root, "subgraphs"), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const problems = [...names.flatMap((name) => missingParts(root, name)), ...ownerlessDatabases(root, names)];
  if (problems.length > 0) throw refuse(problems);
  const modules = new Map<string, SubgraphModule>();
  for (const name of names.sort()) modules.set(name, await load(root, name));
  const contradictions = [...samePorts(modules), ...unknownProducers(modules), ...sharedSettings(modules)];
  if (contradictions.length > 0) throw refuse(contradictions);
  return [...modules].map(([name, module]) => ({
    ...module,
    name,
    topic: topicOf(name),
    consumedTopics: producersFor(name, module, [...modules.keys()]).map(topicOf),
  }));
}

function missingParts(root: string, name: string): string[] {
  if (!NAME.test(name)) return [`subgraphs/${name}: the name of a subgraph has lower-case letters only`];
  return PARTS.filter(({ path }) => !existsSync(join(root, path(name)))).map((part) => {
    const advice = "command" in part ? `run ${part.command}` : `add it, or remove the subgraph ${name}`;
    return `subgraphs/${name} is incomplete: ${part.path(name)} is missing (${advice})`;
  });
}

function ownerlessDatabases(root: string, names: readonly string[]): string[] {
  return subgraphDatabases(join(root, "prisma"))
    .filter((name) => !names.includes(name))
    .map((name) => `prisma/${name} belongs to no subgraph: remove it, or restore subgraphs/${name}`);
}

async function load(root: string, name: string): Promise<SubgraphModule> {
  const file = join(root, "subgraphs", name, "subgraph.ts");
  const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href);
  const { subgraph } = exported;
  if (isSubgraphModule(subgraph)) return subgraph;
  throw refuse([`subgraphs/${name}/subgraph.ts must export \`subgraph\`, made by defineSubgraph`]);
}

function samePorts(modules: ReadonlyMap<string, SubgraphModule>): string[] {
  const owners = new Map<number, string>();
  return [...modules].flatMap(([name, { port }]) => {
    const other = owners.get(port);
    owners.set(port, name);
    return other === undefined ? [] : [`subgraphs/${other} and subgraphs/${name} have the same port ${port}`];
  });
}

function unknownProducers(modules: ReadonlyMap<string, SubgraphModule>): string[] {
  return [...modules].flatMap(([name, { consumes }]) =>
    (consumes === "others" ? [] : consumes)
      .filter((producer) => !modules.has(producer))
      .map((producer) => `subgraphs/${name} consumes the events of ${producer}, but there is no subgraphs/${producer}`),
  );
}

/**
 * In one process all read the same variables: what two subgraphs declare must be one declaration, that of the platform.
 */
function sharedSettings(modules: ReadonlyMap<string, SubgraphModule>): string[] {
  const declared = new Map<string, { readonly by: string; readonly setting: unknown }>();
  const problems: string[] = [];
  for (const [name, { settings }] of modules) {
    for (const [variable, setting] of Object.entries(settings)) {
      const earlier = declared.get(variable);
      if (earlier === undefined) declared.set(variable, { by: name, setting });
      else if (earlier.setting !== setting) {
        problems.push(`subgraphs/${earlier.by} and subgraphs/${name} both declare ${variable}: name one differently`);
      }
    }
  }
  return problems;
}

function producersFor(name: string, { consumes }: SubgraphModule, all: readonly string[]): readonly string[] {
  return consumes === "others" ? all.filter((other) => other !== name) : consumes;
}

function refuse(problems: readonly string[]): AppError {
  return new AppError("CONFIG_INVALID", `The subgraphs do not fit together:\n  ${problems.join("\n  ")}`);
}
