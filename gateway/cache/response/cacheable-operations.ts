/**
 * Which texts of operations have answers that may be cached, known before they are parsed again. Of the current
 * generation only.
 */
import { type DocumentNode, GraphQLError, getOperationAST } from "graphql";
import { LRUCache } from "lru-cache";
import type { SchemaSource } from "../../ports.ts";
import { isJsonObject } from "../../transport/json-object.ts";
import { cacheHintsOf } from "../hints.ts";
import { type ResponsePolicy, responsePolicy } from "./policy.ts";

export interface CacheableOperation {
  readonly policy: ResponsePolicy;
  /** In the document; `undefined` for one without a name. */
  readonly name: string | undefined;
  /** Equal for requests of this operation in which equal values stand for its variables. */
  keyOf(variables: unknown): string;
}

export interface CacheableOperations {
  /** Neither throws nor validates: what is refused later was never answered. */
  find(text: string, operationName: string | undefined): CacheableOperation | undefined;
}

/** Of all texts that are remembered, and of one: longer ones are read each time. In UTF-16 units. */
const MAX_LENGTH = 4_194_304;
const MAX_TEXT_LENGTH = 65_536;
/** What remembering a text costs beside it. */
const OVERHEAD = 1_000;
/** Names that are not there are not remembered, but a document may hold many operations. */
const MAX_NAMES = 100;

type ByName = Map<string, CacheableOperation | undefined>;

export interface CacheableOperationsOptions {
  readonly schema: Pick<SchemaSource, "current">;
  /** @throws GraphQLError for what is beyond the limits */
  parse(text: string): DocumentNode;
}

export function createCacheableOperations({ schema, parse }: CacheableOperationsOptions): CacheableOperations {
  const texts = new LRUCache<string, ByName>({
    maxSize: MAX_LENGTH,
    sizeCalculation: (_names, text) => OVERHEAD + text.length,
  });
  let generation = schema.current();
  let last = 0;

  function read(text: string, operationName: string | undefined): CacheableOperation | undefined {
    const document = parsed(text, parse);
    if (document === undefined) return undefined;
    const policy = responsePolicy(generation, document, operationName);
    const operation = getOperationAST(document, operationName);
    if (policy === undefined || operation == null) return undefined;
    last += 1;
    const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
    const prefix = `${generation.id} ${last}`;
    return {
      policy,
      name: operation.name?.value,
      keyOf: (variables) => `${prefix}\n${names.length === 0 ? "" : valuesText(names, variables)}`,
    };
  }

  return {
    find(text, operationName) {
      const current = schema.current();
      if (current !== generation) {
        generation = current;
        texts.clear();
      }
      if (!cacheHintsOf(generation).any) return undefined;
      const name = operationName ?? "";
      const cachedOperations = texts.get(text);
      if (cachedOperations?.has(name) === true) return cachedOperations.get(name);
      const found = read(text, operationName);
      if (text.length > MAX_TEXT_LENGTH) return found;
      const byName = cachedOperations ?? new Map<string, CacheableOperation | undefined>();
      if (byName.size < MAX_NAMES) byName.set(name, found);
      if (cachedOperations === undefined) texts.set(text, byName);
      return found;
    },
  };
}

function parsed(text: string, parse: CacheableOperationsOptions["parse"]): DocumentNode | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}

/** Values in the order in which the operation declares them; what it does not declare makes no difference. */
function valuesText(names: readonly string[], variables: unknown): string {
  if (!isJsonObject(variables)) return "";
  return JSON.stringify(names.map((name) => (Object.hasOwn(variables, name) ? [variables[name]] : 0)));
}
