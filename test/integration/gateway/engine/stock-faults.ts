// Where the stock executor answers otherwise than one server that knows everything would: each way by name, and for
// which operations it is to be expected. An operation that no name fits must be answered alike by both executors.
import { isDeepStrictEqual } from "node:util";
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { Outcome } from "./compared-graph.ts";
import { leadsToNull } from "./missing-parts.ts";

/** What subgraphs need of each other: names of fields in keys and requirements. */
export interface Needed {
  readonly names: ReadonlySet<string>;
  /** Interfaces that some subgraph knows as objects. */
  readonly interfaceObjects: ReadonlySet<string>;
  /** Fields whose requirements give arguments, or require others themselves. */
  readonly demanding: ReadonlySet<string>;
}

export function readNeeded(subgraphs: Readonly<Record<string, string>>): Needed {
  const names = new Set(["__typename"]);
  const interfaceObjects = new Set<string>();
  /** By the field's name, what it requires. */
  const requirements: (readonly [string, string])[] = [];
  for (const sdl of Object.values(subgraphs)) {
    visit(parse(sdl), {
      ObjectTypeDefinition({ name, directives }) {
        if (directives?.some((directive) => directive.name.value === "interfaceObject"))
          interfaceObjects.add(name.value);
      },
      FieldDefinition({ name, directives }) {
        const fields = fieldsOf(directives?.find((directive) => directive.name.value === "requires"));
        if (fields !== undefined) requirements.push([name.value, fields]);
      },
      Directive(directive) {
        if (directive.name.value !== "key" && directive.name.value !== "requires") return;
        const fields = fieldsOf(directive) ?? "";
        for (const [each] of fields.matchAll(/[_A-Za-z]\w*/g)) names.add(each);
      },
    });
  }
  const requiring = new RegExp(`\\b(${requirements.map(([name]) => name).join("|")})\\b`);
  const demanding = requirements.filter(([, fields]) => fields.includes("(") || requiring.test(fields));
  return { names, interfaceObjects, demanding: new Set(demanding.map(([name]) => name)) };
}

function fieldsOf(directive: DirectiveNode | undefined): string | undefined {
  const fields = directive?.arguments?.find((argument) => argument.name.value === "fields")?.value;
  return fields?.kind === Kind.STRING ? fields.value : undefined;
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
  "a requirement that gives arguments, or requires, is met too late or not at all": ({ node, needed }) =>
    needed.demanding.has(node.name.value),
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

/** What an operation shows beside its fields. */
interface Shown {
  /** Texts of its literal numbers. */
  readonly numbers: readonly string[];
  readonly variables: readonly string[];
  /** Whether several mutations may be in it. */
  readonly mutates: "ONCE" | "OFTEN" | undefined;
}

const DOCUMENT_FAULTS: Readonly<Record<string, (shown: Shown) => boolean>> = {
  "digits of a literal that a double does not hold are lost": ({ numbers }) =>
    numbers.some((text) => String(Number(text)) !== text),
  "a client's variable $representations takes the place of the entities": ({ variables }) =>
    variables.includes("representations"),
  "what a mutation selects of another subgraph is read after the next mutation, which its own subgraph has run already":
    ({ mutates }) => mutates === "OFTEN",
};

function shownBy(document: DocumentNode): Shown {
  const numbers: string[] = [];
  const variables: string[] = [];
  let mutates: Shown["mutates"];
  visit(document, {
    OperationDefinition({ operation, selectionSet: { selections } }) {
      if (operation !== OperationTypeNode.MUTATION) return;
      mutates = selections.length === 1 && selections[0]?.kind === Kind.FIELD ? "ONCE" : "OFTEN";
    },
    IntValue: ({ value }) => void numbers.push(value),
    FloatValue: ({ value }) => void numbers.push(value),
    VariableDefinition: ({ variable }) => void variables.push(variable.name.value),
  });
  return { numbers, variables, mutates };
}

/** All faults of data. */
export const FAULT_NAMES: readonly string[] = [...Object.keys(DATA_FAULTS), ...Object.keys(DOCUMENT_FAULTS)];

/** Names of the faults that the operation may meet. */
export function dataFaults(schema: GraphQLSchema, document: DocumentNode, needed: Needed): readonly string[] {
  const found = new Set<string>();
  const shown = shownBy(document);
  for (const [name, shows] of Object.entries(DOCUMENT_FAULTS)) if (shows(shown)) found.add(name);
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
  // It counts entities that it did not ask for when it looks for an entity's place. It also reports errors of what is
  // fetched but not selected.
  "errors at places where there is no null": (stock, ours) =>
    stock.errors.some(({ path }) => path !== undefined && !leadsToNull(stock.data, path)) &&
    stock.errors.every(
      (error) =>
        (error.path !== undefined && !leadsToNull(stock.data, error.path)) ||
        ours.errors.some((own) => isDeepStrictEqual(own, error)),
    ),
};
