/**
 * What every subgraph's SDL may use without declaring it: `schema/shared/*.graphql` holds the scalars, types and
 * directives of all subgraphs, and the specifications that directives come from. A subgraph is completed with those
 * that it uses, and with no other: the supergraph knows who declares what.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DefinitionNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  isTypeDefinitionNode,
  isTypeSystemExtensionNode,
  Kind,
  Lexer,
  parse,
  print,
  Source,
  TokenKind,
  type TypeDefinitionNode,
  visit,
} from "graphql";
import { type LinkedSpecification, linkedSpecifications, printSchemaExtension } from "./specification-links.ts";

type SharedDefinition = TypeDefinitionNode | DirectiveDefinitionNode;

interface SharedDefinitions {
  /** By name, directives with their `@`. */
  readonly definitions: ReadonlyMap<string, SharedDefinition>;
  readonly specifications: readonly LinkedSpecification[];
}

const FOLDER = join(import.meta.dirname, "shared");

let cache: SharedDefinitions | undefined;

/**
 * @param sdl what a subgraph says itself. What it declares under a shared name, and a specification that it links, are
 * its own
 * @param file its name, for errors
 * @returns SDL that stands alone: Federation 2, everything declared
 * @throws GraphQLError with the place, when it cannot be parsed
 */
export const withSharedDefinitions = (sdl: string, file: string): string => {
  cache ??= readShared();
  const own = parseSdl(new Source(sdl, file));
  const used = namesUsed(own, cache.definitions);
  const head = printSchemaExtension(cache.specifications, linkedSpecifications(own), used);
  const definitions = [...cache.definitions].filter(([name]) => used.has(name)).map(([, node]) => print(node));
  return [...head, ...definitions, sdl].join("\n\n");
};

/** A file in which nothing is declared yet, e.g. live SDL before the first live field, is an empty document. */
function parseSdl(source: Source): DocumentNode {
  const isBlank = new Lexer(source).lookahead().kind === TokenKind.EOF;
  return isBlank ? { kind: Kind.DOCUMENT, definitions: [] } : parse(source);
}

function readShared(): SharedDefinitions {
  const documents = readdirSync(FOLDER)
    .sort()
    .map((name) => parse(new Source(readFileSync(join(FOLDER, name), "utf8"), name), { noLocation: true }));
  const shared = documents.flatMap(({ definitions }) => definitions.filter(isShared));
  return {
    definitions: new Map(shared.map((node) => [nameOf(node), node])),
    specifications: documents.flatMap(linkedSpecifications),
  };
}

const isShared = (node: DefinitionNode): node is SharedDefinition =>
  isTypeDefinitionNode(node) || node.kind === Kind.DIRECTIVE_DEFINITION;

const nameOf = ({ kind, name }: SharedDefinition): string =>
  kind === Kind.DIRECTIVE_DEFINITION ? `@${name.value}` : name.value;

/** Names that the document uses and does not define, with those that their shared definitions use in turn. */
function namesUsed(own: DocumentNode, shared: SharedDefinitions["definitions"]): ReadonlySet<string> {
  const defined = new Set(own.definitions.filter(isShared).map(nameOf));
  const used = new Set<string>();
  const open: (DocumentNode | SharedDefinition)[] = [own];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const name of namesIn(node)) {
      if (defined.has(name) || used.has(name)) continue;
      used.add(name);
      const definition = shared.get(name);
      if (definition !== undefined) open.push(definition);
    }
  }
  return used;
}

function namesIn(node: DocumentNode | SharedDefinition): ReadonlySet<string> {
  const names = new Set<string>();
  visit(node, {
    enter(part) {
      // An extension of a type uses it as well as a field of that type does.
      if (part.kind === Kind.NAMED_TYPE) names.add(part.name.value);
      else if (part.kind === Kind.DIRECTIVE) names.add(`@${part.name.value}`);
      else if (isTypeSystemExtensionNode(part) && part.kind !== Kind.SCHEMA_EXTENSION) names.add(part.name.value);
    },
  });
  return names;
}
