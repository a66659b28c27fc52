/**
 * Which fetches ask the same of entities, whatever operation they come from, and the documents in which several of them
 * stand together. Both are made once.
 */
import { parse } from "graphql";
import { LRUCache } from "lru-cache";
import {
  type DocumentPart,
  documentOf,
  documentPart,
  type EntityShape,
  entityShape,
  printed,
} from "./entity-document.ts";
import { type SubgraphOperation, subgraphOperation } from "./subgraph-client.ts";

export interface EntityQuery {
  /** Equal for fetches that ask the same. */
  readonly id: number;
  /** Characters of its document. */
  readonly size: number;
  /** The query as a part of a larger document; copies of one query there differ in the values of their variables. */
  part(copy: number): DocumentPart;
}

export interface EntityQueries {
  /** @returns `undefined` when the operation asks for anything but entities, or asks for them in an unusual way */
  of(operation: SubgraphOperation): EntityQuery | undefined;
  /** The document of these queries. @param queries several, equal ones beside each other */
  together(queries: readonly EntityQuery[]): EntityDocument;
}

export interface EntityDocument {
  readonly operation: SubgraphOperation;
  /** One per query, in their order. */
  readonly parts: readonly DocumentPart[];
}

/** A client's own name would make a document of several queries another one for each operation. */
const NAME = "GatewayEntities";
const MAX_QUERIES = 5_000;
const MAX_DOCUMENTS = 2_000;

export function createEntityQueries(): EntityQueries {
  const byOperation = new WeakMap<SubgraphOperation, EntityQuery | null>();
  const byText = new LRUCache<string, EntityQuery>({ max: MAX_QUERIES });
  const documents = new LRUCache<string, EntityDocument>({ max: MAX_DOCUMENTS });
  let lastId = 0;

  function compile({ text, kind }: SubgraphOperation): EntityQuery | null {
    if (kind !== "query") return null;
    const shape = entityShape(parse(text, { noLocation: true }));
    if (shape === undefined) return null;
    const { name: _name, ...operation } = shape.operation;
    const key = [operation, ...shape.fragments].map(printed).join(" ");
    const same = byText.get(key);
    if (same !== undefined) return same;
    lastId += 1;
    const query = entityQuery(lastId, key.length, shape);
    byText.set(key, query);
    return query;
  }

  return {
    of(operation) {
      let query = byOperation.get(operation);
      if (query === undefined) {
        query = compile(operation);
        byOperation.set(operation, query);
      }
      return query ?? undefined;
    },
    together(queries) {
      const key = queries.map(({ id }) => id).join(" ");
      const existing = documents.get(key);
      if (existing !== undefined) return existing;
      const parts = queries.map((query, index) =>
        query.part(queries.slice(0, index).filter((before) => before === query).length),
      );
      const entityDocument = { operation: subgraphOperation(documentOf(NAME, parts), NAME, "query"), parts };
      documents.set(key, entityDocument);
      return entityDocument;
    },
  };
}

function entityQuery(id: number, size: number, shape: EntityShape): EntityQuery {
  const parts: DocumentPart[] = [];
  return {
    id,
    size,
    part(copy) {
      const part = parts[copy] ?? documentPart(shape, copy === 0 ? `_${id}` : `_${id}_${copy}`);
      parts[copy] = part;
      return part;
    },
  };
}
