/**
 * Limits on the text of a request, checked before validation and planning, whose cost an attacker could drive up.
 * Guarantees time linear in the document: a fragment is measured once, wherever it is spread, although it counts at
 * each of its spreads.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import { tokensIn } from "./document-size.ts";
import { repeatedFields } from "./repeated-fields.ts";
import { refuseSubscriptionConditions } from "./subscription-conditions.ts";
import { refuseUnsupportedDirectives } from "./unsupported-directives.ts";

export interface DocumentLimits {
  readonly maxTokens: number;
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxRootFields: number;
}

export interface DocumentGuard {
  /**
   * Parses a document that is within the limits.
   * @throws GraphQLError with `extensions.code` `GRAPHQL_PARSE_FAILED`, `MAX_TOKENS_LIMIT`, `MAX_DEPTH_LIMIT`,
   * `MAX_ALIASES_LIMIT`, `MAX_ROOT_FIELDS_LIMIT`, `MAX_DIRECTIVES_LIMIT`, `MAX_LENGTH_LIMIT`,
   * `MAX_REPEATED_FIELDS_LIMIT`, `DIRECTIVE_UNSUPPORTED` or, for conditions on the root field of a subscription,
   * `GRAPHQL_VALIDATION_FAILED`
   */
  parse(query: string): DocumentNode;
}

/** No operation of ours needs more; repeated directives only multiply validation errors. */
const MAX_DIRECTIVES = 50;
const MAX_DIRECTIVES_PER_PLACE = 4;

/** graphql-js 16 writes "more that". */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha/;

/** In UTF-16 units. Blanks and comments are no tokens, but have to be read all the same. */
const MAX_LENGTH = 65_536;

/**
 * Two selections below one field are one pair, ten are 45: a client that composes fragments has a few of them at each
 * level.
 */
const MAX_PAIRS = 1_000;

const MAX_CACHED_DOCUMENTS = 1_000;
/** Of all of them: what 1,000 operations of a usual size have. A thousand as large as allowed would take 350 MB. */
const MAX_CACHED_TOKENS = 100_000;

/** Depth, aliases and directives below one place, fragments followed; `fields` are those of the first level. */
interface Measure {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly fields: number;
}

const NOTHING: Measure = { depth: 0, aliases: 0, directives: 0, fields: 0 };

export function createDocumentGuard(limits: DocumentLimits): DocumentGuard {
  const accepted = new LRUCache<string, DocumentNode>({
    max: MAX_CACHED_DOCUMENTS,
    maxSize: MAX_CACHED_TOKENS,
    sizeCalculation: tokensIn,
  });
  return {
    parse(query) {
      const acceptedDocument = accepted.get(query);
      if (acceptedDocument !== undefined) return acceptedDocument;
      if (query.length > MAX_LENGTH) {
        throw refusal("MAX_LENGTH_LIMIT", `The document is longer than ${MAX_LENGTH} characters.`);
      }
      const document = parseWithin(query, limits.maxTokens);
      checkDocument(document, limits);
      if (repeatedFields(document) > MAX_PAIRS) {
        throw refusal(
          "MAX_REPEATED_FIELDS_LIMIT",
          "The document selects below one field, or spreads fragments at one place, too many times.",
        );
      }
      refuseUnsupportedDirectives(document);
      refuseSubscriptionConditions(document);
      accepted.set(query, document);
      return document;
    },
  };
}

function parseWithin(query: string, maxTokens: number): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    // graphql-js gives its token limit no code of its own.
    if (TOO_MANY_TOKENS.test(error.message)) {
      throw refusal("MAX_TOKENS_LIMIT", `The document has more than ${maxTokens} tokens.`);
    }
    throw new GraphQLError(error.message, {
      ...(error.source === undefined ? {} : { source: error.source }),
      ...(error.positions === undefined ? {} : { positions: error.positions }),
      extensions: { code: "GRAPHQL_PARSE_FAILED", http: { status: 400 } },
    });
  }
}

/** @throws GraphQLError as DocumentGuard.parse */
function checkDocument(document: DocumentNode, limits: DocumentLimits): void {
  const measure = createRuler(document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, aliases, directives, fields } = measure(definition.selectionSet);
    if (depth > limits.maxDepth) {
      throw refusal("MAX_DEPTH_LIMIT", `The operation is ${depth} levels deep; ${limits.maxDepth} are allowed.`);
    }
    if (aliases > limits.maxAliases) {
      throw refusal("MAX_ALIASES_LIMIT", `The operation has more than ${limits.maxAliases} aliases.`);
    }
    if (fields > limits.maxRootFields) {
      throw refusal("MAX_ROOT_FIELDS_LIMIT", `The operation has more than ${limits.maxRootFields} root fields.`);
    }
    if (directives > MAX_DIRECTIVES) {
      throw refusal("MAX_DIRECTIVES_LIMIT", `The operation has too many directives.`);
    }
  }
}

function createRuler(document: DocumentNode): (selections: SelectionSetNode) => Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Measure>();

  function ofFragment(name: string): Measure {
    const cachedMeasure = measured.get(name);
    if (cachedMeasure !== undefined) return cachedMeasure;
    // While a fragment is being measured it counts as nothing: a cycle ends here, and validation refuses it afterwards.
    measured.set(name, NOTHING);
    const fragment = fragments.get(name);
    const result = fragment === undefined ? NOTHING : ofSelections(fragment.selectionSet);
    measured.set(name, result);
    return result;
  }

  function ofSelections({ selections }: SelectionSetNode): Measure {
    let { depth, aliases, directives, fields } = NOTHING;
    for (const selection of selections) {
      const part = ofSelection(selection);
      depth = Math.max(depth, part.depth);
      aliases += part.aliases;
      directives += part.directives;
      fields += part.fields;
    }
    return { depth, aliases, directives, fields };
  }

  function ofSelection(selection: SelectionNode): Measure {
    const own = selection.directives?.length ?? 0;
    if (own > MAX_DIRECTIVES_PER_PLACE) {
      throw refusal(
        "MAX_DIRECTIVES_LIMIT",
        `A field or fragment has more than ${MAX_DIRECTIVES_PER_PLACE} directives.`,
      );
    }
    switch (selection.kind) {
      case Kind.FIELD: {
        const below = selection.selectionSet === undefined ? NOTHING : ofSelections(selection.selectionSet);
        return {
          depth: below.depth + 1,
          aliases: below.aliases + (selection.alias === undefined ? 0 : 1),
          directives: below.directives + own,
          fields: 1,
        };
      }
      case Kind.INLINE_FRAGMENT: {
        const inside = ofSelections(selection.selectionSet);
        return { ...inside, directives: inside.directives + own };
      }
      case Kind.FRAGMENT_SPREAD: {
        const inside = ofFragment(selection.name.value);
        return { ...inside, directives: inside.directives + own };
      }
    }
  }

  return ofSelections;
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}
