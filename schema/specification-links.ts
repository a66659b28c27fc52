/**
 * The specifications that an SDL document links, by the conventions of https://specs.apollo.dev/link/v1.0. Federation's
 * `@composeDirective` says which parts of our own specifications stay in the supergraph.
 */
import { type DocumentNode, Kind } from "graphql";
import { directiveArguments } from "./directives.ts";

export interface LinkedSpecification {
  /** e.g. `https://specs.apollo.dev/federation/v2.5` */
  readonly url: string;
  /** The address without the version: two versions of a specification are one specification. */
  readonly identity: string;
  /** Names that may be used, directives with their `@`. */
  readonly names: readonly string[];
  /** Directives that composition keeps. */
  readonly composed: readonly string[];
}

const FEDERATION = "https://specs.apollo.dev/federation";
/** By its full name, which needs no import: a document may link Federation itself and import less. */
const COMPOSE = "@federation__composeDirective";

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

/**
 * The specifications of a document's `extend schema @link(…)`. An import under another name (`{ name, as }`) is not
 * understood.
 */
export const linkedSpecifications = ({ definitions }: DocumentNode): LinkedSpecification[] =>
  definitions
    .filter((node) => node.kind === Kind.SCHEMA_EXTENSION || node.kind === Kind.SCHEMA_DEFINITION)
    .flatMap((extension) => {
      const composed = directiveArguments(extension, "composeDirective").map(({ name }) => String(name));
      return directiveArguments(extension, "link").map((link) => {
        const names = strings(link["import"]);
        const url = String(link["url"]);
        const identity = url.replace(/\/v\d+\.\d+$/, "");
        return { url, identity, names, composed: composed.filter((name) => names.includes(name)) };
      });
    });

/**
 * `extend schema` with those of the specifications that are used and that the document does not link itself; Federation
 * in any case, since only its link makes the SDL Federation 2.
 * @returns one text, or none when nothing is missing
 */
export const printSchemaExtension = (
  specifications: readonly LinkedSpecification[],
  own: readonly LinkedSpecification[],
  used: ReadonlySet<string>,
): string[] => {
  const missing = specifications.filter(({ identity }) => own.every((linked) => linked.identity !== identity));
  const composed = missing.flatMap(({ composed: names }) => names.filter((name) => used.has(name)));
  const links = missing.flatMap(({ url, identity, names }) => {
    const imported = names.filter((name) => used.has(name));
    if (imported.length === 0 && identity !== FEDERATION) return [];
    return [`@link(url: ${JSON.stringify(url)}, import: ${JSON.stringify(imported)})`];
  });
  const directives = [...links, ...composed.map((name) => `${COMPOSE}(name: ${JSON.stringify(name)})`)];
  return directives.length === 0 ? [] : [`extend schema\n  ${directives.join("\n  ")}`];
};
