/**
 * How operations reach subgraphs, whatever carries them; what stands between (sharing, balancing, caches) keeps this
 * form.
 */
import type { GraphQLFormattedError } from "graphql";
import type { Change } from "../../platform/events/envelope.ts";
import type { GatewayContext } from "../ports.ts";
import type { JsonObject } from "./json-object.ts";
import { withDoublesIn } from "./lossless-number.ts";

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
  /** For several `_entities` in one document: each becomes a variable of its own. */
  readonly lists?: readonly VariableList[];
}

export interface VariableList extends Representations {
  readonly variable: string;
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
  /** Are equal objects within `data` one object? */
  readonly interned?: boolean;
  /** Is no string in `data` one that JSON would escape? Absent: nobody looked. */
  readonly plain?: boolean;
  /** What a command changed; absent when the subgraph did not tell. */
  readonly changes?: readonly Change[];
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

/** All variables as a subgraph reads them that parses JSON as JavaScript does. */
export function variablesOf(request: SubgraphRequest): JsonObject {
  const lists = listsOf(request);
  const variables = withDoublesIn(request.variables);
  for (const { variable, texts } of lists) variables[variable] = JSON.parse(`[${texts.join(",")}]`);
  return variables;
}

/** JSON text of `variablesOf`. */
export function variablesText(request: SubgraphRequest): string {
  const text = JSON.stringify(request.variables);
  const lists = listsOf(request);
  if (lists.length === 0) return text;
  const members = lists.map(({ variable, texts }) => `${JSON.stringify(variable)}:[${texts.join(",")}]`);
  return `${text.slice(0, -1)}${text === "{}" ? "" : ","}${members.join(",")}}`;
}

const NO_LISTS: readonly VariableList[] = [];

function listsOf({ representations, lists = NO_LISTS }: SubgraphRequest): readonly VariableList[] {
  return representations === undefined ? lists : [{ variable: "representations", texts: representations.texts }];
}
