import fc from "fast-check";
import { buildSchema, Kind, type OperationDefinitionNode, parse } from "graphql";
import { expect, test } from "vitest";
import { createCostModel } from "../../../../gateway/limits/cost-model.ts";
import { costOfOperation, type Variables } from "../../../../gateway/limits/document-cost.ts";
import { processorMs } from "../../../support/processor-time.ts";

const SCHEMA = buildSchema(`
  type Query { node: Node nodes(ids: [ID!]!): [Node]! people(first: Int, last: Int): People! top(first: Int = 5): [Person!]! rows: [[Person]] }
  type Mutation { rename(name: String!): Person }
  interface Node { id: ID! }
  type People { edges: [Edge!]! pageInfo: PageInfo! total: Int! }
  type Edge { node: Person! cursor: String! }
  type PageInfo { next: String }
  type Person implements Node { id: ID! name: String! tags: [String!]! friends(first: Int, last: Int): People! pets: [Pet!]! best: Person }
  type Pet { name: String! owner: Person! }
`);
const MODEL = createCostModel(SCHEMA, { weights: new Map(), sizes: new Map() }, 10);

function cost(query: string, variables: Variables = {}): number {
  const document = parse(query);
  return costOfOperation(MODEL, document, operationOf(document), variables);
}

function operationOf({ definitions }: ReturnType<typeof parse>): OperationDefinitionNode {
  const found = definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (found === undefined) throw new Error("no operation");
  return found;
}

test("an object costs 1, a leaf nothing, a mutation 10 [GW-03]", () => {
  expect(cost("{ __typename }")).toBe(0);
  expect(cost("{ node { id } }")).toBe(1);
  expect(cost("{ node { ... on Person { best { name tags } } } }")).toBe(2);
  expect(cost('mutation { rename(name: "x") { name } }')).toBe(11);
});

test("a connection costs the page that is asked for, and the largest one when nobody says [GW-03]", () => {
  const page = (args: string) => `{ people${args} { total edges { cursor node { name } } pageInfo { next } } }`;
  expect(cost(page("(first: 7)"))).toBe(1 + 7 * 2 + 1);
  expect(cost(page("(last: 3)"))).toBe(1 + 3 * 2 + 1);
  expect(cost(page("(first: 3, last: 20)"))).toBe(1 + 20 * 2 + 1);
  expect(cost(page(""))).toBe(1 + 100 * 2 + 1);
  expect(cost(page("(first: null)"))).toBe(202);
  expect(cost(page("(first: -5)"))).toBe(202);
  expect(cost("{ people(first: 7) { total } }")).toBe(1);
});

test("a page's size may be in a variable, or in its default [GW-03]", () => {
  const query = "query ($n: Int) { people(first: $n) { edges { cursor } } }";
  expect(cost(query, { n: 4 })).toBe(5);
  expect(cost(query)).toBe(101);
  expect(cost(query, { n: null })).toBe(101);
  expect(cost("query ($n: Int = 6) { people(first: $n) { edges { cursor } } }")).toBe(7);
  expect(cost("{ top { name } }")).toBe(5);
  expect(cost("{ top(first: 30) { name } }")).toBe(30);
});

test("other lists cost their assumed size, lists of lists its power, and what is named by ids their number [GW-03]", () => {
  expect(cost("{ node { ... on Person { pets { owner { name } } } } }")).toBe(1 + 10 * 2);
  expect(cost("{ rows { name } }")).toBe(100);
  expect(cost('{ nodes(ids: ["a", "b", "c"]) { id } }')).toBe(3);
  expect(cost("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids: ["a", "b"] })).toBe(2);
});

test("every spread and every alias counts, conditional ones too [GW-03]", () => {
  const fragment = "fragment F on Person { best { name } }";
  expect(cost(`{ node { ...F ...F } } ${fragment}`)).toBe(3);
  expect(
    cost(`query ($no: Boolean = false) { node { ...F @include(if: $no) ...F @skip(if: true) } } ${fragment}`),
  ).toBe(3);
  expect(cost("{ a: node { id } b: node { id } c: node @skip(if: true) { id } }")).toBe(3);
});

test("a fragment on a connection costs what the page around it is [GW-03]", () => {
  const page = "fragment P on People { edges { node { name } } }";
  expect(cost(`{ a: people(first: 2) { ...P } b: people(first: 50) { ...P ... { ...P } } } ${page}`)).toBe(
    1 + 2 * 2 + (1 + 2 * 50 * 2),
  );
});

test("a cost beyond all numbers is the largest whole number [GW-03]", () => {
  let deep = "name";
  for (let level = 0; level < 14; level += 1) deep = `friends(first: 2147483647) { edges { node { ${deep} } } }`;
  expect(cost(`{ node { ... on Person { ${deep} } } }`)).toBe(Number.MAX_SAFE_INTEGER);
});

test("documents whose fragments multiply are measured fragment by fragment [GW-02] [GW-03]", async () => {
  const chain = (body: (n: number) => string, type = "Person") =>
    Array.from({ length: 80 }, (_, n) => `fragment F${n} on ${type} { ${body(n + 1)} }`).join(" ");
  const hostile = [
    `{ node { ...F0 } } ${chain((n) => `...F${n} ...F${n} ...F${n}`)} fragment F80 on Person { best { name } }`,
    `{ node { ...F0 } } ${chain((n) => `best { ...F${n} ...F${n} }`)} fragment F80 on Person { name }`,
    `{ node { ...F0 } } ${chain((n) => `friends { edges { node { ...F${n} } } }`)} fragment F80 on Person { name }`,
    `{ ${Array.from({ length: 80 }, (_, n) => `a${n}: people(first: ${n}) { ...F0 }`).join(" ")} } ${chain(
      (n) => `...F${n} ...F${n}`,
      "People",
    )} fragment F80 on People { edges { node { name } } }`,
    `{ node { ...F0 } } fragment F0 on Person { best { ...F1 } } fragment F1 on Person { best { ...F0 } }`,
  ];
  for (const query of hostile) {
    const document = parse(query);
    // Spread by spread most would never end. `npm run load -- hostile` measures them to the millisecond.
    const spent = await processorMs(() => costOfOperation(MODEL, document, operationOf(document), {}));
    expect(spent, query.slice(0, 60)).toBeLessThan(100);
  }
});

/** A selection on a person, as text and as the cost of what it expands to. */
interface Drawn {
  readonly text: string;
  readonly cost: number;
}

/** Fragments may spread only those after them. Costs are reckoned here by expansion, with no memory. */
const drawnDocuments = fc.integer({ min: 0, max: 5 }).chain((fragments) => {
  const selection: (from: number) => fc.Memo<Shape> = (from) => {
    const make: fc.Memo<Shape> = fc.memo((depth) =>
      depth <= 1
        ? fc.constant<Shape>({ kind: "leaf" })
        : fc.oneof(
            fc.constant<Shape>({ kind: "leaf" }),
            ...(from < fragments
              ? [fc.integer({ min: from, max: fragments - 1 }).map((index): Shape => ({ kind: "spread", index }))]
              : []),
            fc.record({
              kind: fc.constantFrom("best" as const, "pets" as const, "friends" as const, "inline" as const),
              size: fc.option(fc.integer({ min: 0, max: 9 })),
              below: fc.array(make(depth - 1), { minLength: 1, maxLength: 3 }),
            }),
          ),
    );
    return make;
  };
  return fc.tuple(
    fc.array(selection(0)(4), { minLength: 1, maxLength: 4 }),
    fc.tuple(
      ...Array.from({ length: fragments }, (_, n) => fc.array(selection(n + 1)(3), { minLength: 1, maxLength: 3 })),
    ),
  );
});

type Shape =
  | { readonly kind: "leaf" }
  | { readonly kind: "spread"; readonly index: number }
  | {
      readonly kind: "best" | "pets" | "friends" | "inline";
      readonly size: number | null;
      readonly below: readonly Shape[];
    };

function expand(shapes: readonly Shape[], fragments: readonly (readonly Shape[])[]): Drawn {
  const parts = shapes.map((shape): Drawn => {
    if (shape.kind === "leaf") return { text: "name", cost: 0 };
    if (shape.kind === "spread") {
      return { text: `...F${shape.index}`, cost: expand(fragments[shape.index] ?? [], fragments).cost };
    }
    const below = expand(shape.below, fragments);
    if (shape.kind === "inline") return { text: `... @include(if: false) { ${below.text} }`, cost: below.cost };
    if (shape.kind === "best") return { text: `best { ${below.text} }`, cost: 1 + below.cost };
    if (shape.kind === "pets") return { text: `pets { owner { ${below.text} } }`, cost: 10 * (2 + below.cost) };
    const args = shape.size === null ? "" : `(first: ${shape.size})`;
    return {
      text: `friends${args} { ... { edges { node { ${below.text} } } } total }`,
      cost: 1 + (shape.size ?? 100) * (2 + below.cost),
    };
  });
  return { text: parts.map(({ text }) => text).join(" "), cost: parts.reduce((sum, part) => sum + part.cost, 0) };
}

test("the cost is that of the document with every fragment written out [GW-03]", () => {
  fc.assert(
    fc.property(drawnDocuments, ([root, fragments]) => {
      const drawn = expand(root, fragments);
      const texts = fragments.map((shapes, n) => `fragment F${n} on Person { ${expand(shapes, fragments).text} }`);
      expect(cost(`{ node { ... on Person { ${drawn.text} } } } ${texts.join(" ")}`)).toBe(
        Math.min(Number.MAX_SAFE_INTEGER, 1 + drawn.cost),
      );
    }),
    { numRuns: 300 },
  );
});
