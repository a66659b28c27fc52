/**
 * The operations of this client as its build registered them: their texts, and the hashes that gateways know them by.
 */
import { addTypenameToDocument } from "@apollo/client/utilities";
import { type DocumentNode, getOperationAST, print } from "graphql";
import { operationIds } from "../../../schema/generated/operations.ts";

/** Hash of the text, `undefined` for a document that was not registered. */
export function operationId(document: DocumentNode): string | undefined {
  const name = getOperationAST(document)?.name?.value;
  return name === undefined ? undefined : operationIds[name];
}

/** The text that was registered: with the type names that the cache asks for. */
export function operationText(document: DocumentNode): string {
  return print(addTypenameToDocument(document));
}
