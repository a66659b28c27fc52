/**
 * The field that a validation error is about, where it is about a value that stands in the document: named like the
 * field of a wrong variable.
 */
import { type DocumentNode, type GraphQLError, Kind, parse, type Source } from "graphql";
import { type FieldPath, fieldAt } from "../../platform/graphql/argument-fields.ts";

const VALUES: readonly string[] = [
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
];

/** A document with many wrong values is read once. */
const documents = new WeakMap<Source, DocumentNode>();

export function literalField({ nodes }: GraphQLError): FieldPath | undefined {
  const [node] = nodes ?? [];
  if (node?.loc === undefined || !VALUES.includes(node.kind)) return undefined;
  const { source } = node.loc;
  const document = documents.get(source) ?? parse(source);
  documents.set(source, document);
  return fieldAt(document, node.loc);
}
