/** How operations reach subgraphs, whatever carries them; what stands between (sharing, balancing, caches) keeps this form. */
import type { GraphQLFormattedError } from "graphql";
import type { GatewayContext } from "../ports.ts";
import type { JsonObject } from "./json-object.ts";

/** An operation that is sent again and again: its texts are made once. */
export interface SubgraphOperation {
  readonly text: string;
  /** The text as a JSON string. */
  readonly json: string;
  readonly name: string | undefined;
  readonly kind: "query" | "mutation" | "subscription";
}

export interface SubgraphRequest {
  readonly operation: SubgraphOperation;
  readonly variables: JsonObject;
  /** For `_entities`: they become the variable `representations`. */
  readonly representations: Representations | undefined;
}

/** JSON texts, each different from all others. */
export interface Representations {
  readonly texts: readonly string[];
}

export interface SubgraphAnswer {
  readonly data: JsonObject | null;
  /** In public form, with the subgraph's own paths. */
  readonly errors: readonly GraphQLFormattedError[];
  /** Do others hold this answer, too? Then nothing of it may be changed. */
  readonly shared: boolean;
}

/** One subgraph. Never rejects: what does not come is an error in the answer. */
export type SubgraphClient = (request: SubgraphRequest, context: GatewayContext) => Promise<SubgraphAnswer>;

export function subgraphOperation(
  text: string,
  name: string | undefined,
  kind: SubgraphOperation["kind"],
): SubgraphOperation {
  return { text, json: JSON.stringify(text), name, kind };
}

/** All variables as the subgraph reads them. */
export function variablesOf({ variables, representations }: SubgraphRequest): JsonObject {
  if (representations === undefined) return variables;
  const values: unknown = JSON.parse(`[${representations.texts.join(",")}]`);
  return { ...variables, representations: values };
}

/** JSON text of `variablesOf`. */
export function variablesText({ variables, representations }: SubgraphRequest): string {
  const text = JSON.stringify(variables);
  if (representations === undefined) return text;
  const separator = text === "{}" ? "" : ",";
  return `${text.slice(0, -1)}${separator}"representations":[${representations.texts.join(",")}]}`;
}
