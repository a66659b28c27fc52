// Reads what answers to an operation are made of, with the names that the executor gives to what it fetches.
import { type DocumentNode, getOperationAST, parse } from "graphql";
import type { EventSources } from "../../../../../gateway/cache/event-sources.ts";
import { type ContentsReader, createContentsReader } from "../../../../../gateway/cache/response/answer-contents.ts";
import {
  type CanonicalOperation,
  canonicalOperation,
} from "../../../../../gateway/engine/canonical/canonical-operation.ts";
import type { SchemaGeneration } from "../../../../../gateway/ports.ts";

export function canonical(generation: SchemaGeneration, document: DocumentNode): CanonicalOperation {
  const operation = getOperationAST(document);
  if (operation == null) throw new Error("no operation");
  return canonicalOperation(generation, document, operation);
}

export function readerOf(generation: SchemaGeneration, text: string, sources?: EventSources): ContentsReader {
  const document = parse(text);
  return createContentsReader(generation, document, undefined, canonical(generation, document).names, sources);
}
