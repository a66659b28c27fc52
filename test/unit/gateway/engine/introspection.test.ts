import { buildSchema, executeSync, GraphQLError, getIntrospectionQuery, Kind, parse } from "graphql";
import { expect, test } from "vitest";
import { createIntrospection } from "../../../../gateway/engine/introspection.ts";

const SCHEMA = buildSchema(`
  "What can be asked" type Query { node(id: ID! = "x", filter: Filter = { size: 2, tags: ["a"] }): Node old: Int @deprecated(reason: "new") any: Any all: [[Item!]]! }
  interface Node @tag(name: "n") { id: ID! }
  type Item implements Node { id: ID! next: Item kind: Kind when: Date }
  type Other implements Node { id: ID! constructor: String }
  union Any = Item | Other
  enum Kind { A B @deprecated }
  scalar Date @specifiedBy(url: "https://example.org/date")
  input Filter { size: Int = 1 tags: [String!] kind: Kind = A old: Int @deprecated }
  input One @oneOf { a: Int b: Int }
  directive @tag(name: String!) repeatable on INTERFACE
`);

function introspected(query: string, variables: Record<string, unknown> = {}): unknown {
  const document = parse(query);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("no operation");
  const introspect = createIntrospection({
    schema: SCHEMA,
    operation,
    fragments: Object.fromEntries(
      document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
    ),
    variables,
    holds: (name) => variables[name] === true,
  });
  const fields = operation.selectionSet.selections.filter((node) => node.kind === Kind.FIELD);
  return Object.fromEntries(fields.map((node) => [(node.alias ?? node.name).value, JSON.parse(introspect([node]))]));
}

const ALL = {
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
};
const QUERIES: readonly (readonly [query: string, variables: Record<string, unknown>])[] = [
  [getIntrospectionQuery(), {}],
  [getIntrospectionQuery(ALL), {}],
  [
    '{ a: __type(name: "Item") { ...T __typename } b: __type(name: "Nothing") { name } } fragment T on __Type { name fields { n: name type { ...U } } } fragment U on __Type { kind name ofType { kind name } }',
    {},
  ],
  [
    "query ($n: String!, $d: Boolean!) { __type(name: $n) { fields(includeDeprecated: $d) { name isDeprecated deprecationReason args { name defaultValue } } possibleTypes { name } interfaces { name } } }",
    { n: "Query", d: true },
  ],
  [
    "query ($n: String!, $d: Boolean!) { __type(name: $n) { possibleTypes { name } ... on __Type @include(if: $d) { kind } name @skip(if: $d) enumValues { name } inputFields { name } } }",
    { n: "Any", d: true },
  ],
  ["{ __schema { types { name kind fields { name type { name fields { name } } } } } }", {}],
];

test.each(QUERIES)("%s is answered as graphql-js does", (query, variables) => {
  const { data } = executeSync({ schema: SCHEMA, document: parse(query), variableValues: variables });
  expect(introspected(query, variables)).toEqual(JSON.parse(JSON.stringify(data)));
});

const everything = (aliases: number) => {
  const [whole, ...fragments] = getIntrospectionQuery(ALL).split(/(?=fragment )/);
  const selection = /__schema (\{[\s\S]*\})\s*\}\s*$/.exec(whole ?? "")?.[1] ?? "";
  return `{ ${Array.from({ length: aliases }, (_, at) => `a${at}: __schema ${selection}`).join(" ")} } ${fragments.join(" ")}`;
};

test("an operation is told the whole schema twice, and not three times [GW-03]", () => {
  expect(Object.keys(Object(introspected(everything(2))))).toEqual(["a0", "a1"]);
  expect(codeOf(() => introspected(everything(3)))).toBe("COST_ESTIMATED_TOO_EXPENSIVE");
});

test("types are not followed through each other without end, and long names are counted [GW-03]", () => {
  const nested = (levels: number) =>
    `{ __schema { types { ${"fields { name type { ".repeat(levels)} name ${"} } ".repeat(levels)} } } }`;
  expect(codeOf(() => introspected(nested(1)))).toBeUndefined();
  expect(codeOf(() => introspected(nested(40)))).toBe("COST_ESTIMATED_TOO_EXPENSIVE");
  expect(codeOf(() => introspected(`{ __schema { types { ${"a".repeat(5_000)}: name } } }`))).toBe(
    "COST_ESTIMATED_TOO_EXPENSIVE",
  );
});

function codeOf(ask: () => unknown): unknown {
  try {
    ask();
  } catch (error) {
    return error instanceof GraphQLError ? error.extensions["code"] : error;
  }
  return undefined;
}
