import { buildSchema, isTypeDefinitionNode, isTypeExtensionNode, parse } from "graphql";
import { type SchemaPart, schemaParts } from "./schema-parts.ts";
import type { SubgraphSource } from "./sources.ts";

/**
 * @param apiSdl the schema that clients see
 * @returns one line per type, field, argument or enum value that tells clients nothing but its name
 */
export const checkDescriptions = (apiSdl: string, sources: readonly SubgraphSource[]): string[] =>
  schemaParts(buildSchema(apiSdl))
    .filter(({ description }) => (description ?? "").trim() === "")
    .map(
      (part) =>
        `${part.coordinate} has no description (${filesOf(part, sources).join(", ")}): ` +
        "say what a client needs to know, e.g. unit, range, default, who may see it",
    );

/** Files that declare a part; one description suffices. */
const filesOf = ({ coordinate }: SchemaPart, sources: readonly SubgraphSource[]): string[] => {
  const [type = "", member] = coordinate.replace(/\(.*/, "").split(".");
  return sources.filter(({ sdl }) => declares(sdl, type, member)).map(fileOf);
};

const declares = (sdl: string, type: string, member: string | undefined): boolean =>
  parse(sdl, { noLocation: true }).definitions.some((node) => {
    if (!(isTypeDefinitionNode(node) || isTypeExtensionNode(node)) || node.name.value !== type) return false;
    if (member === undefined) return true;
    const members = "fields" in node ? node.fields : "values" in node ? node.values : [];
    return members?.some(({ name }) => name.value === member) ?? false;
  });

const fileOf = ({ name, live }: SubgraphSource): string =>
  `schema/${live ? `${name.replace(/_live$/, "")}.live` : name}.graphql`;
