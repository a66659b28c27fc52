/**
 * Values that change with the clock: no event tells of their change, so they must not be cached as long as what stands
 * around them. Whatever a resolver reaches within its subgraph counts; in loaders the clock may not be read at all,
 * since nobody sees from a field what it was loaded by.
 */
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { type DefinitionNode, Kind, parse } from "graphql";
import { directiveArguments } from "./directives.ts";
import { type ReadModule, reachableNodes } from "./reachable-code.ts";
import { type ResolverCode, resolversIn } from "./resolver-code.ts";
import { createModuleReader, nameOf, type SourceModule, type SyntaxNode } from "./source-code.ts";
import type { SubgraphSource } from "./sources.ts";

/** Of Postgres. */
const CLOCK_OF_SQL = /\bnow\(\)|\bclock_timestamp\(\)|\bcurrent_(?:timestamp|date)\b/i;

/**
 * @param root of the work tree, whose `subgraphs/` and `gateway/` hold resolvers
 * @returns one line per field that reads the clock and does not say itself how long it may be cached
 */
export const checkClockDriven = (root: string, sources: readonly SubgraphSource[]): string[] => {
  const read = createModuleReader();
  const files = globSync("{subgraphs,gateway}/**/{resolvers.ts,loaders.ts,resolvers/**/*.ts}", { cwd: root }).sort();
  const modules = files.flatMap((file) => read(join(root, file)) ?? []);
  return [
    ...modules.flatMap(resolversIn).flatMap((resolver) => checkResolver(resolver, sources, read)),
    ...modules.filter(({ file }) => file.endsWith("/loaders.ts")).flatMap((module) => checkLoaders(module, root, read)),
  ];
};

const checkResolver = (resolver: ResolverCode, sources: readonly SubgraphSource[], read: ReadModule): string[] => {
  const { subgraph, type, field, node, module } = resolver;
  const sdl = sources.find(({ name }) => name === subgraph)?.sdl;
  if (type === "Mutation" || sdl === undefined || !readsClock(node, module, read)) return [];
  const file = `schema/${subgraph}.graphql`;
  if (!field.startsWith("__")) {
    if (hintsOfField(sdl, type, field).length > 0) return [];
    return [
      `${type}.${field} changes with the clock, which no event tells: give it a cache hint of its own in ${file}, ` +
        "@cacheControl(maxAge: 0), or as many seconds as it may be old",
    ];
  }
  if (hintsOfType(sdl, type).every(({ maxAge }) => maxAge === 0)) return [];
  return [`${type}.${field} reads the clock: ${type} may not be cached, see its @cacheControl in ${file}`];
};

const checkLoaders = (module: SourceModule, root: string, read: ReadModule): string[] =>
  [...module.declarations.values()].some((node) => readsClock(node, module, read))
    ? [`${relative(root, module.file)} reads the clock: load what does not depend on it, and compare in the resolver`]
    : [];

type Hint = Readonly<Record<string, unknown>>;

const hintsOfType = (sdl: string, type: string): Hint[] =>
  definitionsOf(sdl, type).flatMap((node) => directiveArguments(node, "cacheControl"));

const hintsOfField = (sdl: string, type: string, field: string): Hint[] =>
  definitionsOf(sdl, type)
    .flatMap(({ fields = [] }) => fields)
    .filter(({ name }) => name.value === field)
    .flatMap((node) => directiveArguments(node, "cacheControl"));

const definitionsOf = (sdl: string, type: string) =>
  parse(sdl, { noLocation: true })
    .definitions.filter(isObjectOrInterface)
    .filter(({ name }) => name.value === type);

const OBJECTS = [
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.OBJECT_TYPE_EXTENSION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_EXTENSION,
] as const;

const isObjectOrInterface = (
  node: DefinitionNode,
): node is Extract<DefinitionNode, { readonly kind: (typeof OBJECTS)[number] }> =>
  OBJECTS.some((kind) => kind === node.kind);

/** Does the code, or what it calls within the room of its subgraph, read the clock or take the time from who did? */
const readsClock = (node: SyntaxNode, module: SourceModule, read: ReadModule): boolean =>
  reachableNodes(node, module, read).some(isClock);

/** Our clocks are called so, and times that were read from one are called `now`. */
const isClock = (node: SyntaxNode): boolean => {
  const withoutArguments = Array.isArray(node["arguments"]) && node["arguments"].length === 0;
  switch (node.type) {
    case "Identifier":
      return CLOCKS.has(nameOf(node) ?? "");
    case "NewExpression":
    case "CallExpression":
      return nameOf(node["callee"]) === "Date" && withoutArguments;
    case "TemplateElement":
      return CLOCK_OF_SQL.test(JSON.stringify(node["value"]));
    default:
      return false;
  }
};

const CLOCKS: ReadonlySet<string> = new Set(["clock", "now", "Temporal"]);
