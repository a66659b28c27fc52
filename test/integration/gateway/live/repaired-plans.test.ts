// Enrichment whose plan had to be repaired: fields that require one field with different arguments, whatever its values
// are, under every set of conditions.
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, GraphQLScalarType, parse, valueFromASTUntyped } from "graphql";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { planOperation } from "../../../../gateway/engine/planning/plan-operation.ts";
import { LosslessNumber } from "../../../../gateway/transport/lossless-number.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { LIVE_LINK, ORDERS_LIVE } from "./shop-graph.ts";
import { connect } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@external", "@requires"]) scalar Any`;
const FACTS = `${LINK}
  type Query { orders: [Order!] }
  type User @key(fields: "id") { id: ID! }
  type Order @key(fields: "id") { id: ID! fact(of: String, scale: Int): Any mark: String }`;
/** Each says what it was given. */
const DERIVED = `${LINK}
  type Order @key(fields: "id") {
    id: ID!
    fact(of: String, scale: Int): Any @external
    mark: String @external
    one: String @requires(fields: "fact(of: \\"one\\")")
    two: String @requires(fields: "fact(of: \\"two\\")")
    both: String @requires(fields: "fact(of: \\"two\\", scale: 2) mark")
  }`;

const world = liveStackOfFile();
/** What `fact` is, by its arguments. */
let facts: (of: string | undefined, scale: number | undefined) => unknown;
let sent: string[] = [];
let shops = 0;

const Any = new GraphQLScalarType({
  name: "Any",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: valueFromASTUntyped,
});

interface Fact {
  readonly of?: string;
  readonly scale?: number;
}

const SUBGRAPHS = {
  facts: {
    sdl: FACTS,
    resolvers: {
      Any,
      Order: {
        __resolveReference: (order: object) => order,
        fact: (_: unknown, { of, scale }: Fact) => facts(of, scale),
        mark: () => "",
      },
    },
  },
  derived: {
    sdl: DERIVED,
    resolvers: {
      Any,
      Order: {
        __resolveReference: (order: object) => order,
        one: (order: { fact?: unknown }) => `one of ${JSON.stringify(order.fact)}`,
        two: (order: { fact?: unknown }) => `two of ${JSON.stringify(order.fact)}`,
        both: (order: { fact?: unknown; mark?: unknown }) => `both of ${JSON.stringify([order.fact, order.mark])}`,
      },
    },
  },
};

const LIVE = `${LIVE_LINK}${ORDERS_LIVE}`;
const compose = () =>
  composeServices([
    ...Object.entries(SUBGRAPHS).map(([name, { sdl }]) => ({
      name,
      url: `http://${name}.invalid`,
      typeDefs: parse(sdl),
    })),
    { name: "orders_live", url: "", typeDefs: parse(LIVE) },
  ]);

beforeAll(() => {
  const { supergraphSdl, errors } = compose();
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  world.stack.reload(buildGeneration(supergraphSdl));
  for (const [name, { sdl, resolvers }] of Object.entries(SUBGRAPHS)) {
    const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers });
    world.stack.shop.dataSources[name] = {
      async process({ request: { query = "", variables = {} } }) {
        sent.push(`${name} ${JSON.stringify(variables)}`);
        const variableValues = JSON.parse(JSON.stringify(variables));
        const { data, errors: found } = await execute({ schema, document: parse(query), variableValues });
        return { data: data ?? null, ...(found === undefined ? {} : { errors: found.map((error) => error.toJSON()) }) };
      },
    };
  }
});
beforeEach(() => {
  sent = [];
});

async function member() {
  shops += 1;
  const shop = `repaired-${shops}`;
  world.stack.viewers.set(shop, viewer(`user of ${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(world.stack.url);
  await client.init(shop);
  return {
    client,
    writer: eventWriter(world.log, shop),
    async follow(id: string, query: string, variables: Readonly<Record<string, unknown>> = {}) {
      await client.subscribe(id, query, { variables: { shop, ...variables } });
      expect(client.of("error", id)).toEqual([]);
    },
  };
}

const QUERY = (selection: string, conditions = "") =>
  `subscription($shop: ID${conditions}) { orderEvents(shop: $shop) { event {
    ... on OrderPlaced { order { ${selection} } } ... on OrderShipped { shipped: order { ${selection} } } } } }`;

test("the plan that the planner makes has to be repaired", () => {
  const generation = world.stack.ports.schema.current();
  const document = parse(
    QUERY("one two both")
      .replace(/\(\$shop.*?\)/, "")
      .replace("(shop: $shop)", ""),
  );
  const plan = JSON.stringify(planOperation(generation, document, undefined));
  expect(plan.match(/"renameKeyTo":"fact"/g)?.length).toBeGreaterThan(1);
});

test.each([
  ["0", 0],
  ["false", false],
  ["an empty text", ""],
  ["null", null],
  ["an empty list", []],
  ["a list of nothing", [0, "", false, null]],
  ["an empty object", {}],
  ["a name like its own", { fact: { fact: 0 } }],
])("a required value that is %s reaches the field that requires it, whichever one has it", async (_, value) => {
  const { client, writer, follow } = await member();
  await follow("a", QUERY('one two both id fact(of: "one")'));
  const text = JSON.stringify(value);
  for (const which of ["one", "two", "two2", "none", "all"]) {
    const is = (name: string) => (which === "all" || which === name ? value : 7);
    facts = (of, scale) => (scale === 2 ? is("two2") : is(of ?? ""));
    const shown = (name: string) => (which === "all" || which === name ? text : "7");
    await writer.append(1);
    const frame = (await client.take("next", "a", writer.sequence)).at(-1);
    expect(frame?.payload.errors).toBeUndefined();
    expect(frame?.payload.data.orderEvents.event.order).toEqual({
      one: `one of ${shown("one")}`,
      two: `two of ${shown("two")}`,
      both: `both of [${shown("two2")},""]`,
      id: `order-${writer.sequence}`,
      fact: is("one"),
    });
  }
  client.close();
});

test.each(["9007199254740993", "1.0", "-0"])(
  "a required value that is %s reaches subgraphs as it is [S23]",
  async (n) => {
    const { client, writer, follow } = await member();
    await follow("a", QUERY("one"));
    facts = () => new LosslessNumber(n);
    await writer.append(1);
    await client.take("next", "a");
    expect(sent.find((request) => request.startsWith("derived"))).toContain(`"fact":${n}`);
    client.close();
  },
);

test("each set of conditions has a plan of its own, for several subscribers of one operation at a time", async () => {
  const { client, writer, follow } = await member();
  const query = QUERY("one @include(if: $a) two @skip(if: $b) both @include(if: $b)", ", $a: Boolean!, $b: Boolean!");
  const sets = [
    { a: true, b: true },
    { a: true, b: false },
    { a: false, b: true },
    { a: false, b: false },
  ];
  for (const [index, set] of sets.entries()) {
    await follow(`s${index}`, query, set);
  }
  facts = (of, scale) => (scale === 2 ? 0 : `${of}!`);
  await writer.append(1);
  await writer.append(1, "orders.order.shipped.v1", { reason: null });
  for (const [index, { a, b }] of sets.entries()) {
    const frames = await client.take("next", `s${index}`, 2);
    for (const [at, { payload }] of frames.entries()) {
      expect(payload.errors).toBeUndefined();
      expect(payload.data.orderEvents.event[at === 0 ? "order" : "shipped"]).toEqual({
        ...(a ? { one: 'one of "one!"' } : {}),
        ...(b ? { both: 'both of [0,""]' } : { two: 'two of "two!"' }),
      });
    }
  }
  client.close();
});
