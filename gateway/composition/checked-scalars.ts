/**
 * Custom scalars that the gateway reads, too: a supergraph only names them, so a malformed value would be refused by
 * the subgraph that gets it, when half of the answer may be made. Values go on as the client wrote them; subgraphs read
 * them themselves.
 */
import { type GraphQLScalarType, type GraphQLSchema, isScalarType } from "graphql";
import { LosslessNumber } from "../transport/lossless-number.ts";

/** By name. Only of a graph whose scalars are ours: another one may mean something else by the same name. */
export type CheckedScalars = Readonly<Record<string, GraphQLScalarType>>;

/** Changes the types of `schema`. */
export function checkScalars(schema: GraphQLSchema, scalars: CheckedScalars): void {
  for (const [name, known] of Object.entries(scalars)) {
    const type = schema.getType(name);
    if (!isScalarType(type)) continue;
    const { parseLiteral } = type;
    type.parseValue = (value) => {
      known.parseValue(value instanceof LosslessNumber ? value.toNumber() : value);
      return value;
    };
    type.parseLiteral = (node, variables) => {
      known.parseLiteral(node, variables);
      return parseLiteral(node, variables);
    };
  }
}
