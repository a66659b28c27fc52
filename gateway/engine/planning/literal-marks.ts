/**
 * Literals of custom scalars on their way through the planner: it reads them as JavaScript's values and writes these,
 * so that 9007199254740993 became 9007199254740992, `1.0` became `1` and an enum's name a text
 * (@apollo/federation-internals 2.14.4, `valueFromASTUntyped`). A text it leaves alone. So each such literal is a
 * marked text while it is planned, and itself again in the plan. A Float is a double anyway, and is written as the
 * planner would write it, so that the plan holds what was asked for.
 */
import { randomUUID } from "node:crypto";
import type { FetchNode, QueryPlan } from "@apollo/query-planner";
import {
  type DocumentNode,
  type EnumValueNode,
  type FloatValueNode,
  GraphQLFloat,
  type GraphQLSchema,
  getNamedType,
  type IntValueNode,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type StringValueNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { isDoubleText } from "../../transport/lossless-number.ts";

/** Nobody can write it by guessing. */
const MARK = `tributary:${randomUUID()}:`;
/** A literal that is a number or an enum's name, and nothing else, whoever wrote it. */
const MARKED = new RegExp(`"${MARK}([-+.\\w]+)"`, "g");

/** @param document valid for the schema. @returns the document itself where nothing has to be marked */
export function markLiterals(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const types = new TypeInfo(schema);

  function mark(node: IntValueNode | FloatValueNode | EnumValueNode): StringValueNode | FloatValueNode | undefined {
    const type = getNamedType(types.getInputType() ?? undefined);
    if (type === GraphQLFloat && node.kind !== Kind.ENUM) return asDouble(node);
    // Within an object of a custom scalar nothing is known of types.
    const isCustom = type === undefined || (isScalarType(type) && !isSpecifiedScalarType(type));
    if (!isCustom || (node.kind !== Kind.ENUM && isDoubleText(node.value))) return undefined;
    return { kind: Kind.STRING, value: `${MARK}${node.value}` };
  }

  return visit(document, visitWithTypeInfo(types, { IntValue: mark, FloatValue: mark, EnumValue: mark }));
}

function asDouble({ value }: IntValueNode | FloatValueNode): FloatValueNode | undefined {
  const double = Number(value);
  if (isDoubleText(value) || !Number.isFinite(double) || Object.is(double, -0)) return undefined;
  return { kind: Kind.FLOAT, value: String(double) };
}

/** Puts the literals that were marked into the plan. */
export function unmarkLiterals({ node }: QueryPlan): void {
  for (const fetch of fetchesOf(node)) fetch.operation = unmarkedText(fetch.operation);
}

/** A text that shows a marked document, as it was before. */
export function unmarkedText(text: string): string {
  return text.replaceAll(MARKED, "$1");
}

function fetchesOf(node: QueryPlan["node"]): readonly FetchNode[] {
  switch (node?.kind) {
    case "Fetch":
      return [node];
    case "Sequence":
    case "Parallel":
      return node.nodes.flatMap(fetchesOf);
    case "Flatten":
      return fetchesOf(node.node);
    case "Subscription":
      return [node.primary, ...fetchesOf(node.rest)];
    case "Condition":
      return [...fetchesOf(node.ifClause), ...fetchesOf(node.elseClause)];
    case "Defer":
    case undefined:
      return [];
  }
}
