// A supergraph that is hard to plan for: every subgraph can answer everything, and an interface whose types differ from
// one to the next.
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const SUBGRAPHS = 5;
const TYPES = 6;

/** @param url of all its subgraphs */
export function plannerTrap(url: string): string {
  const { supergraphSdl, errors } = composeServices(
    Array.from({ length: SUBGRAPHS }, (_, at) => ({
      name: `s${at}`,
      url,
      typeDefs: parse(`
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
        type Query { item: Item @shareable any: Any @shareable node: Node @shareable }
        interface Item { id: ID! name: String! next: Item }
        union Any = ${types((type) => `T${type}`, " | ")}
        ${types(
          (type) => `type T${type} implements Item @key(fields: "id") {
            id: ID! name: String! @shareable next: Item @shareable any: Any @shareable
            own${at}: String ${type % SUBGRAPHS === at ? `only${type}: Item` : ""}
          }`,
        )}
        type Node @key(fields: "id") { id: ID! name: String! @shareable next: Node @shareable own${at}: Node }
      `),
    })),
  );
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

const types = (write: (type: number) => string, separator = "\n") =>
  Array.from({ length: TYPES }, (_, type) => write(type)).join(separator);
