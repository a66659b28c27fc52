/**
 * What the web client may ask, by the hash of each operation's text: the manifest that a gateway knows its registered
 * operations from, and the ids that the client sends instead of texts. Both are of the texts that the client would
 * send.
 */
import { createHash } from "node:crypto";
import { addTypenameToDocument } from "@apollo/client/utilities";
import { type DocumentNode, getOperationAST, type OperationTypeNode, print } from "graphql";

export interface RegisteredOperation {
  readonly id: string;
  readonly name: string;
  readonly type: OperationTypeNode;
  readonly body: string;
}

const DOCUMENT = /^export const \w+Document = (\{.*\}) as unknown as DocumentNode</gm;

/**
 * @param module the typed documents as they are written for the client: order of fragments included, the hash is of
 * what it holds
 * @throws for two operations of one name
 */
export const registeredOperations = (module: string): readonly RegisteredOperation[] => {
  const operations = [...module.matchAll(DOCUMENT)].map(([, json = ""]) => registered(JSON.parse(json)));
  const names = new Set(operations.map(({ name }) => name));
  if (names.size < operations.length) throw new Error("two operations of the web client have the same name");
  return operations.sort((one, other) => (one.name < other.name ? -1 : 1));
};

/** https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format */
export const printManifest = (operations: readonly RegisteredOperation[]): string =>
  `${JSON.stringify({ format: "apollo-persisted-query-manifest", version: 1, operations }, null, 2)}\n`;

export const printOperationIds = (operations: readonly RegisteredOperation[]): string => {
  const entries = operations.map(({ name, id }) => `  ${name}: "${id}",\n`);
  return `/** Hash of each operation's text, by the operation's name. */\nexport const operationIds: Readonly<Record<string, string>> = {\n${entries.join("")}};\n`;
};

function registered(document: DocumentNode): RegisteredOperation {
  const operation = getOperationAST(document);
  if (operation?.name === undefined) throw new Error("an operation of the web client has no name");
  // As the client's cache wants it.
  const body = print(addTypenameToDocument(document));
  const id = createHash("sha256").update(body).digest("hex");
  return { id, name: operation.name.value, type: operation.operation, body };
}
