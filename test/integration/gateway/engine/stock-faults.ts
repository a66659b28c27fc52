// Where the stock executor answers otherwise than one server that knows everything would: each way by name, and for
// which operations it is to be expected. An operation that no name fits must be answered alike by both executors.
import { isDeepStrictEqual } from "node:util";
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { Outcome } from "./compared-graph.ts";

/** What subgraphs need of each other: names of fields in keys and requirements. */
export interface Needed {
  readonly names: ReadonlySet<string>;
  /** Interfaces that some subgraph knows as objects. */
  readonly interfaceObjects: ReadonlySet<string>;
}

export function readNeeded(subgraphs: Readonly<Record<string, string>>): Needed {
  const names = new Set(["__typename"]);
  const interfaceObjects = new Set<string>();
  for (const sdl of Object.values(subgraphs)) {
    visit(parse(sdl), {
      ObjectTypeDefinition({ name, directives }) {
        if (directives?.some((directive) => directive.name.value === "interfaceObject"))
          interfaceObjects.add(name.value);
      },
      Directive({ name, arguments: given }) {
        if (name.value !== "key" && name.value !== "requires") return;
        const fields = given?.find((argument) => argument.name.value === "fields")?.value;
        if (fields?.kind !== "StringValue") return;
        for (const [each] of fields.value.matchAll(/[_A-Za-z]\w*/g)) names.add(each);
      },
    });
  }
  return { names, interfaceObjects };
}

interface Selected {
  readonly node: FieldNode;
  readonly info: TypeInfo;
  readonly needed: Needed;
}

/** By what a field of the operation shows that the data may differ. */
const DATA_FAULTS: Readonly<Record<string, (selected: Selected) => boolean>> = {
  "what a client calls like something that keys or requirements need takes its place": ({ node, needed }) => {
    const { name, alias } = node;
    return alias !== undefined && alias.value !== name.value && needed.names.has(alias.value);
  },
  "a requirement is given what the client's own arguments fetched": ({ node, needed }) =>
    node.alias === undefined && needed.names.has(node.name.value) && (node.arguments ?? []).length > 0,
  "the name of an interface, from a subgraph that knows no other, is taken for the object's type": ({
    info,
    needed,
  }) => {
    const types = [getNamedType(info.getType()), info.getParentType()];
    return types.some((type) => {
      if (isObjectType(type)) return type.getInterfaces().some(({ name }) => needed.interfaceObjects.has(name));
      return isInterfaceType(type) && needed.interfaceObjects.has(type.name);
    });
  },
};

/** Names of the faults that the operation may meet. */
export function dataFaults(schema: GraphQLSchema, document: DocumentNode, needed: Needed): readonly string[] {
  const found = new Set<string>();
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field(node) {
        for (const [name, shows] of Object.entries(DATA_FAULTS)) if (shows({ node, info, needed })) found.add(name);
      },
    }),
  );
  return [...found];
}

/** What is wrong with errors that differ from ours, where the data do not. */
export const ERROR_FAULTS: Readonly<Record<string, (stock: Outcome, ours: Outcome) => boolean>> = {
  // It counts entities that it did not ask for when it looks for an entity's place, and tells errors of what is fetched
  // but not selected.
  "errors at places where there is no null": (stock, ours) =>
    stock.errors.some(({ path }) => path !== undefined && !leadsToNull(stock.data, path)) &&
    stock.errors.every(
      (error) =>
        (error.path !== undefined && !leadsToNull(stock.data, error.path)) ||
        ours.errors.some((own) => isDeepStrictEqual(own, error)),
    ),
};

function leadsToNull(data: unknown, path: readonly (string | number)[]): boolean {
  let here = data;
  for (const step of path) {
    if (here === null) return true;
    if (typeof here !== "object") return false;
    here = new Map<string, unknown>(Object.entries(here)).get(String(step));
  }
  return here === null;
}
