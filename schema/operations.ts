import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as operations from "@graphql-codegen/typescript-operations";
import { buildSchema, concatAST, type DocumentNode, type GraphQLError, parse, Source, validate } from "graphql";

/** Scalars as they travel in JSON: the client sees no Date and no bigint. */
const scalars = {
  ID: "string",
  BigInt: "string",
  DateTime: "string",
  EmailAddress: "string",
  CurrencyCode: "string",
  JSON: "unknown",
};

export interface OperationDocument {
  readonly location: string;
  readonly document: DocumentNode;
}

/** The `.graphql` files of a folder in alphabetical order; none when the folder does not exist. */
export const readOperations = (directory: string): OperationDocument[] => {
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  return files
    .filter((file) => file.endsWith(".graphql"))
    .sort()
    .map((file) => ({
      location: file,
      document: parse(new Source(readFileSync(join(directory, file), "utf8"), file)),
    }));
};

/** The client asks for what the graph does not have; the message has a line per place. */
export class OperationsInvalid extends Error {
  override readonly name = "OperationsInvalid";

  constructor(errors: readonly GraphQLError[]) {
    const lines = errors.map(({ message, source, locations }) => {
      const [{ line, column } = { line: 0, column: 0 }] = locations ?? [];
      return `  ${source?.name ?? "?"}:${line}:${column} ${message}`;
    });
    super(["web-client/src/graphql asks for what no subgraph has: correct it, or remove it.", ...lines].join("\n"));
  }
}

/**
 * Typed documents for a client: per operation a `<Name>Document` that knows its variables and its result.
 * @throws OperationsInvalid when an operation does not validate against the API schema
 */
export const printOperations = async (apiSdl: string, documents: readonly OperationDocument[]): Promise<string> => {
  if (documents.length === 0) return "";
  const invalid = validate(buildSchema(apiSdl), concatAST(documents.map(({ document }) => document)));
  if (invalid.length > 0) throw new OperationsInvalid(invalid);
  const printed = await codegen({
    filename: "operations.ts",
    schema: parse(apiSdl),
    schemaAst: buildSchema(apiSdl),
    documents: [...documents],
    config: {
      scalars,
      strictScalars: true,
      immutableTypes: true,
      enumType: "string-literal",
      useTypeImports: true,
      dedupeFragments: true,
      skipTypename: false,
    },
    plugins: [{ operations: {} }, { typedDocumentNode: {} }],
    pluginMap: { operations, typedDocumentNode },
  });
  return `${printed.trimEnd()}\n`;
};
