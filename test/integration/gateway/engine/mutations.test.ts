// A mutation's root fields run one after the other, in the order of the document, whatever holds them.
import { expect, test } from "vitest";
import { servedGraph } from "./served-graph.ts";

/** What happened, in order: effects, and what was read of the state after which effects. */
function ledgers() {
  const effects: string[] = [];
  const effect =
    (name: string) =>
    (_: unknown, { to }: { to: number }) => {
      effects.push(`${name}${to}`);
      if (to < 0) throw new Error(`${name} fails`);
      return to;
    };
  const graph = servedGraph({
    one: {
      sdl: `type Query { ok: Boolean }
        type Mutation { setA(to: Int!): Int setB(to: Int!): Int must(to: Int!): Int! touch(to: Int!): Box touchAll(to: Int!): [Box!]! }
        type Box @key(fields: "id") { id: ID! }`,
      resolvers: {
        Mutation: {
          setA: effect("A"),
          setB: effect("B"),
          must: effect("M"),
          touch: (_: unknown, { to }: { to: number }) => {
            effects.push(`T${to}`);
            return { id: String(to) };
          },
          touchAll: (_: unknown, { to }: { to: number }) => {
            effects.push(`L${to}`);
            return [{ id: String(to) }];
          },
        },
      },
    },
    two: {
      sdl: `type Mutation { setC(to: Int!): Int }
        type Box @key(fields: "id") { id: ID! seen: String must: String! }`,
      resolvers: {
        Mutation: { setC: effect("C") },
        Box: {
          seen: ({ id }: { id: string }) => {
            effects.push(`read${id}`);
            return effects.join();
          },
          must: ({ id }: { id: string }) => {
            effects.push(`must${id}`);
            throw new Error("must fails");
          },
        },
      },
    },
  });
  return { ...graph, effects };
}

test.each([
  ["mutation { ...F b: setB(to: 2) } fragment F on Mutation { a: setA(to: 1) }", "A1,B2"],
  ["mutation { a: setA(to: 1) ...F b: setB(to: 3) } fragment F on Mutation { c: setC(to: 2) }", "A1,C2,B3"],
  ["mutation { ... on Mutation { a: setA(to: 1) } b: setB(to: 2) ... on Mutation { a3: setA(to: 3) } }", "A1,B2,A3"],
  ["mutation { a: setA(to: 1) c: setC(to: 2) b: setB(to: 3) }", "A1,C2,B3"],
  [
    "mutation { ... { ...F ...G } x: setA(to: 9) } fragment F on Mutation { c: setC(to: 1) ...G } fragment G on Mutation { ... { b: setB(to: 2) } ...H } fragment H on Mutation { a: setA(to: 3) }",
    "C1,B2,A3,A9",
  ],
  ["mutation { b: setB(to: 1) a: setA(to: 2) b: setB(to: 1) c: setC(to: 3) a: setA(to: 2) }", "B1,A2,C3"],
  ["mutation { x: setA(to: 1) y: setA(to: 1) setA(to: 1) }", "A1,A1,A1"],
  ["mutation { x: setC(to: 1) y: setA(to: 1) z: setC(to: 1) }", "C1,A1,C1"],
  ["mutation { __typename c: setC(to: 1) ... { t: __typename } a: setA(to: 2) __typename }", "C1,A2"],
])("%s has the effects %s", async (query, effects) => {
  const graph = ledgers();
  await graph.run(query);
  expect(graph.effects.join()).toBe(effects);
});

test.each([
  [{ x: true, y: false }, "C1,B2,A3"],
  [{ x: false, y: false }, "B2,A3"],
  [{ x: true, y: true }, "C1,A3"],
  [{ x: false, y: true }, "A3,B4"],
])("under the conditions %o the effects are %s", async (variables, effects) => {
  const query = `mutation($x: Boolean!, $y: Boolean!) {
    ...F @include(if: $x) ... @skip(if: $y) { b: setB(to: 2) } a: setA(to: 3) ...G @skip(if: $x) }
    fragment F on Mutation { c: setC(to: 1) } fragment G on Mutation { late: setB(to: 4) @include(if: $y) }`;
  const graph = ledgers();
  await graph.run(query, variables);
  expect(graph.effects.join()).toBe(effects);
});

test("a field begins when all below the one before it was fetched, from whichever subgraph", async () => {
  const graph = ledgers();
  const { data } = await graph.run("mutation { t: touch(to: 1) { seen } u: touch(to: 2) { seen } b: setB(to: 3) }");
  expect(data).toEqual({ t: { seen: "T1,read1" }, u: { seen: "T1,read1,T2,read2" }, b: 3 });
  expect(graph.effects.join()).toBe("T1,read1,T2,read2,B3");
});

test("neighbours that one subgraph answers alone are one request", async () => {
  const graph = ledgers();
  const { data } = await graph.run(
    "mutation { a: setA(to: 1) b: setB(to: 2) t: touch(to: 3) { seen id } c: setC(to: 4) d: setC(to: 5) }",
  );
  expect(data).toEqual({ a: 1, b: 2, t: { seen: "A1,B2,T3,read3", id: "3" }, c: 4, d: 5 });
  expect(graph.sent.map(({ subgraph }) => subgraph)).toEqual(["one", "two", "two"]);
});

test("a field that fails and may be null leaves the others alone", async () => {
  const graph = ledgers();
  const answer = await graph.run("mutation { a: setA(to: -1) c: setC(to: 2) b: setB(to: 3) }");
  expect(answer).toEqual({ data: { a: null, c: 2, b: 3 }, errors: ["A fails at a"] });
  expect(graph.effects.join()).toBe("A-1,C2,B3");
});

test("after a field that fails and may not be null nothing is run: there is no data for it", async () => {
  const graph = ledgers();
  const answer = await graph.run("mutation { c: setC(to: 1) m: must(to: -1) d: setC(to: 2) }");
  expect(answer).toEqual({ data: null, errors: ["M fails at m"] });
  expect(graph.effects.join()).toBe("C1,M-1");
});

test("what is missing below a field counts as well", async () => {
  const graph = ledgers();
  const answer = await graph.run("mutation { l: touchAll(to: 1) { must } b: setB(to: 2) }");
  expect(answer).toEqual({ data: null, errors: ["must fails at l.0.must"] });
  expect(graph.effects.join()).toBe("L1,must1");
  const other = ledgers();
  await other.run("mutation { t: touch(to: 1) { must } b: setB(to: 2) }");
  expect(other.effects.join()).toBe("T1,must1,B2");
});

/** `rank` requires `credit` of another subgraph, which requires `balance` of a third one; each effect changes it. */
function accounts() {
  let paid = 0;
  const pay = (_: unknown, { amount }: { amount: number }) => {
    paid += amount;
    return { id: "1" };
  };
  return servedGraph({
    bank: {
      sdl: `type Query { ok: Boolean } type Mutation { pay(amount: Int!): Account }
        type Account @key(fields: "id") { id: ID! balance: Int }`,
      resolvers: { Mutation: { pay }, Account: { balance: () => paid } },
    },
    loans: {
      sdl: `type Account @key(fields: "id") { id: ID! balance: Int @external
        credit(factor: Int): Int @requires(fields: "balance") }`,
      resolvers: {
        Account: {
          credit: ({ balance }: { balance: number }, { factor }: { factor?: number }) => balance * (factor ?? 1),
        },
      },
    },
    ranks: {
      sdl: `type Mutation { refund(amount: Int!): Account }
        type Account @key(fields: "id") { id: ID! credit(factor: Int): Int @external
          rank: String @requires(fields: "credit(factor: 10)") half: String @requires(fields: "credit(factor: 5)") }`,
      resolvers: {
        Mutation: { refund: (_: unknown, { amount }: { amount: number }) => pay(_, { amount: -amount }) },
        Account: {
          rank: ({ credit }: { credit: number }) => `rank ${credit}`,
          half: ({ credit }: { credit: number }) => `half ${credit}`,
        },
      },
    },
  });
}

test("[S8] what requirements in a chain need is fetched after their own field has run, and before the next one", async () => {
  const query = `mutation { a: pay(amount: 3) { rank credit(factor: 2) half } b: refund(amount: 1) { rank balance }
    c: pay(amount: 5) { half rank credit: balance } }`;
  expect(await accounts().run(query)).toEqual({
    data: {
      a: { rank: "rank 30", credit: 6, half: "half 15" },
      b: { rank: "rank 20", balance: 2 },
      c: { half: "half 35", rank: "rank 70", credit: 7 },
    },
    errors: [],
  });
});
