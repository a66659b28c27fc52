/**
 * The planner's fetches of entities, compiled once per plan: a text that equal fetches of different operations share,
 * and parts that fit beside other fetches into one document. A fetch of any other shape is left as the planner wrote
 * it.
 */
import type { FetchNode } from "@apollo/query-planner";
import { type FieldNode, Kind, type OperationDefinitionNode, parse, type SelectionNode } from "graphql";
import { LRUCache } from "lru-cache";
import {
  type DocumentPart,
  documentPart,
  type EntityShape,
  entityShape,
  named,
  printed,
} from "../../transport/entity-document.ts";

/**
 * Of every request for entities, whoever's operation it comes from: a client's name would make equal fetches differ.
 */
export const ENRICHMENT_NAME = "LiveEnrichment";

export interface EntityFetch {
  /** Tells fetches apart; equal for equal ones. */
  readonly id: number;
  /** A document of its own. */
  readonly text: string;
  /** Entity types whose version is fetched along, and the response name it comes under. */
  readonly versions: { readonly types: ReadonlySet<string>; readonly alias: string };
  /** The fetch as a part of a larger document; copies of one fetch there differ in the values of their variables. */
  part(copy: number): DocumentPart;
}

/** A fetch as the planner writes it. */
export type PlannedFetch = Pick<FetchNode, "operation" | "requires">;

export interface EntityFetches {
  /**
   * @param versioned entity types of the subgraph that have a version; `undefined` when the fetch is of another shape
   */
  compile(node: PlannedFetch, versioned: ReadonlySet<string>): EntityFetch | undefined;
}

const VERSION_FIELD = "version";
const MAX_FETCHES = 5_000;

export function createEntityFetches(): EntityFetches {
  const fetches = new LRUCache<string, EntityFetch>({ max: MAX_FETCHES });
  let lastId = 0;
  return {
    compile(node, versioned) {
      const shape = entityShape(parse(node.operation, { noLocation: true }));
      if (shape === undefined) return undefined;
      const types = new Set(entityTypes(node).filter((type) => versioned.has(type)));
      const alias = unusedName("_tributaryVersion", node.operation);
      const entities = withVersions(shape.entities, types, alias);
      const operation: OperationDefinitionNode = {
        ...shape.operation,
        name: named(ENRICHMENT_NAME),
        selectionSet: { kind: Kind.SELECTION_SET, selections: [entities] },
      };
      const text = printed({ kind: Kind.DOCUMENT, definitions: [operation, ...shape.fragments] });
      // The types are part of the identity: two subgraphs may be asked the same and promise versions of different
      // types.
      const key = `${[...types].join(" ")}\n${text}`;
      const same = fetches.get(key);
      if (same !== undefined) return same;
      lastId += 1;
      const fetch = entityFetch(lastId, text, { types, alias }, { operation, entities, fragments: shape.fragments });
      fetches.set(key, fetch);
      return fetch;
    },
  };
}

function entityTypes({ requires }: PlannedFetch): string[] {
  return (requires ?? []).flatMap((node) =>
    node.kind === "InlineFragment" && node.typeCondition !== undefined ? [node.typeCondition] : [],
  );
}

function withVersions(entities: FieldNode, types: ReadonlySet<string>, alias: string): FieldNode {
  const asked = [...types].map(
    (type): SelectionNode => ({
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: { kind: Kind.NAMED_TYPE, name: named(type) },
      selectionSet: {
        kind: Kind.SELECTION_SET,
        selections: [{ kind: Kind.FIELD, alias: named(alias), name: named(VERSION_FIELD) }],
      },
    }),
  );
  const selections = [...(entities.selectionSet?.selections ?? []), ...asked];
  return { ...entities, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

function entityFetch(id: number, text: string, versions: EntityFetch["versions"], shape: EntityShape): EntityFetch {
  const parts: DocumentPart[] = [];
  return {
    id,
    text,
    versions,
    part(copy) {
      const part = parts[copy] ?? documentPart(shape, copy === 0 ? `_${id}` : `_${id}_${copy}`);
      parts[copy] = part;
      return part;
    },
  };
}

function unusedName(wanted: string, text: string): string {
  return text.includes(wanted) ? unusedName(`${wanted}_`, text) : wanted;
}
