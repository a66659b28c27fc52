/**
 * What a supergraph says about caching: `@cacheControl` on types and fields, under whatever name it was imported. What
 * carries no hint is never cached.
 */
import { type ConstDirectiveNode, type DefinitionNode, Kind, parse, valueFromASTUntyped } from "graphql";
import { z } from "zod";
import type { SchemaGeneration } from "../ports.ts";

/**
 * Who may be shown the same value: `PUBLIC` everybody; `ORGANIZATION` whoever holds the same permissions in the same
 * organisations; `VIEWER` one session of a user while their permissions last.
 */
export type CacheScope = "PUBLIC" | "ORGANIZATION" | "VIEWER";

export interface CacheHint {
  /** How long a value may be served that no event has evicted, in milliseconds; 0: it is never cached. */
  readonly maxAgeMs: number;
  readonly scope: CacheScope;
  /** Names to evict by; `organization` stands for every event of the organisations that the value was read for. */
  readonly tags: readonly string[];
  /** The kinds of events that may change it; absent: any of those of the subgraph that answers it. */
  readonly changedBy?: readonly string[];
}

export interface CacheHints {
  /** Of an object, interface or union type. */
  ofType(name: string): CacheHint | undefined;
  /** Of a field by itself: its type's hint is not considered. */
  ofField(type: string, field: string): CacheHint | undefined;
  /** Does the supergraph carry any? */
  readonly any: boolean;
}

const SPECIFICATION = "https://tributary.dev/cache/";
const DIRECTIVE = "cacheControl";

const cache = new WeakMap<SchemaGeneration, CacheHints>();

/** The hints of a generation; read once. */
export function cacheHintsOf(generation: SchemaGeneration): CacheHints {
  const cachedHints = cache.get(generation);
  if (cachedHints !== undefined) return cachedHints;
  const hints = readCacheHints(generation.supergraphSdl);
  cache.set(generation, hints);
  return hints;
}

const hintSchema = z
  .object({
    maxAge: z.int().nonnegative(),
    // Apollo's scope for one user is ours for one viewer.
    scope: z
      .enum(["PUBLIC", "ORGANIZATION", "VIEWER", "PRIVATE"])
      .nullish()
      .transform((scope) => (scope == null || scope === "PRIVATE" ? "VIEWER" : scope)),
    tags: z.array(z.string()).nullish(),
    changedBy: z.array(z.string()).nullish(),
  })
  .transform(({ maxAge, scope, tags, changedBy }): CacheHint => {
    const hint = { maxAgeMs: maxAge * 1_000, scope, tags: tags ?? [] };
    return changedBy == null ? hint : { ...hint, changedBy };
  });

const linkSchema = z.object({
  url: z.string(),
  as: z.string().optional(),
  import: z.array(z.union([z.string(), z.object({ name: z.string(), as: z.string().optional() })])).default([]),
});

/** @param supergraphSdl valid; a hint that makes no sense is passed over: its value is then not cached */
export function readCacheHints(supergraphSdl: string): CacheHints {
  const types = new Map<string, CacheHint>();
  const fields = new Map<string, CacheHint>();
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const name = directiveName(definitions);

  function read(
    into: Map<string, CacheHint>,
    key: string,
    directives: readonly ConstDirectiveNode[] | undefined,
  ): void {
    const hint = hintSchema.safeParse(argumentsOf(directives, name));
    if (hint.success) into.set(key, hint.data);
  }

  for (const node of definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        read(types, node.name.value, node.directives);
        for (const field of node.fields ?? []) {
          read(fields, `${node.name.value}.${field.name.value}`, field.directives);
        }
        break;
      case Kind.UNION_TYPE_DEFINITION:
        read(types, node.name.value, node.directives);
        break;
    }
  }
  return {
    ofType: (type) => types.get(type),
    ofField: (type, field) => fields.get(`${type}.${field}`),
    any: types.size > 0 || fields.size > 0,
  };
}

function directiveName(definitions: readonly DefinitionNode[]): string {
  const links = definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION ? (node.directives ?? []) : [],
  );
  for (const directive of links) {
    const link = linkSchema.safeParse(argumentsOf([directive], directive.name.value));
    if (!link.success || !link.data.url.startsWith(SPECIFICATION)) continue;
    for (const item of link.data.import) {
      const { name, as } = typeof item === "string" ? { name: item, as: undefined } : item;
      if (name === `@${DIRECTIVE}`) return (as ?? name).slice(1);
    }
    return `${link.data.as ?? "cache"}__${DIRECTIVE}`;
  }
  // Composed under another specification, or written by hand.
  return DIRECTIVE;
}

function argumentsOf(directives: readonly ConstDirectiveNode[] | undefined, name: string): unknown {
  const found = directives?.find((directive) => directive.name.value === name);
  if (found === undefined) return undefined;
  return Object.fromEntries((found.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)]));
}
