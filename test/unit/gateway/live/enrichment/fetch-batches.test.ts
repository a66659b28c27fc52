// What leaves for a subgraph when many enrichments want something of it at once, and what each of them gets back.
import type { GraphQLDataSource } from "@apollo/gateway";
import fc from "fast-check";
import { execute, GraphQLError, parse, validate } from "graphql";
import { beforeEach, expect, test } from "vitest";
import type { EntityAnswer } from "../../../../../gateway/live/enrichment/entity-batch.ts";
import { createFetchBatches } from "../../../../../gateway/live/enrichment/fetch-batches.ts";
import { createLiveMeter } from "../../../../../gateway/live/metrics.ts";
import type { GatewayContext } from "../../../../../gateway/ports.ts";
import { anonymousContext } from "../../../../support/anonymous-context.ts";
import { BROKEN, compile, compiled, LABEL, PARTS, SIZED, things } from "./things-subgraph.ts";

const LABEL_OF_ANOTHER_OPERATION = LABEL.replace("A__1", "B__7");

interface Sent {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly context: GatewayContext;
}

let sent: Sent[];
let refuse: ((query: string) => boolean) | undefined;
let away = false;
let meter: ReturnType<typeof createLiveMeter>;
let batches: ReturnType<typeof createFetchBatches>;

beforeEach(() => {
  sent = [];
  refuse = undefined;
  away = false;
  source = createSource();
  meter = createLiveMeter();
  batches = createFetchBatches(meter);
});

let source: GraphQLDataSource<GatewayContext>;
const createSource = (): GraphQLDataSource<GatewayContext> => ({
  async process(request) {
    const { query = "", variables = {} } = request.request;
    sent.push({ query, variables, context: request.context as GatewayContext });
    if (away) throw new Error("connection refused");
    const document = parse(query);
    const problems = refuse?.(query) === true ? [new GraphQLError("too many aliases")] : validate(things, document);
    if (problems.length > 0) return { errors: problems.map((problem) => problem.toJSON()) };
    const { data, errors } = await execute({ schema: things, document, variableValues: variables });
    return { data: data ?? null, ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }) };
  },
});

interface Want {
  readonly operation: string;
  readonly ids: readonly string[];
  readonly type?: string;
  readonly variables?: Record<string, unknown>;
  readonly scope?: object | string;
  readonly context?: GatewayContext;
}

function ask({ operation, ids, type = "Thing", variables = {}, scope = "all", ...more }: Want) {
  return batches.send({
    source,
    scope,
    fetch: compiled(operation),
    representations: ids.map((id) => ({ __typename: type, id })),
    variables,
    context: more.context ?? anonymousContext(),
  });
}

const labels = (...values: (string | null)[]) => ({
  data: { _entities: values.map((label) => label && { label }) },
  errors: [],
});

test("equal fetches of different operations become one, each representation asked for once", async () => {
  const answers = await Promise.all([
    ask({ operation: LABEL, ids: ["a", "b"] }),
    ask({ operation: LABEL_OF_ANOTHER_OPERATION, ids: ["b", "c", "b"] }),
  ]);
  expect(answers).toEqual([labels("a", "b"), labels("b", "c", "b")]);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.variables).toEqual({ representations: ["a", "b", "c"].map((id) => ({ __typename: "Thing", id })) });
  expect(meter.enrichmentFetches).toBe(1);
});

test("different fetches become one document, fragments and variables renamed", async () => {
  const answers = await Promise.all([
    ask({ operation: LABEL, ids: ["a"] }),
    ask({ operation: SIZED, ids: ["a"], variables: { size: 2 } }),
    ask({ operation: SIZED, ids: ["a", "b"], variables: { size: 3 } }),
    ask({ operation: SIZED, ids: ["b"], variables: { size: 2 } }),
  ]);
  expect(answers).toEqual([labels("a"), labels("aa"), labels("aaa", "bbb"), labels("bb")]);
  expect(sent).toHaveLength(1);
});

test("the same set of fetches is always the same document", async () => {
  await Promise.all([ask({ operation: LABEL, ids: ["a"] }), ask({ operation: PARTS, ids: ["a"] })]);
  await Promise.all([ask({ operation: PARTS, ids: ["b"] }), ask({ operation: LABEL, ids: ["c"] })]);
  expect(sent).toHaveLength(2);
  expect(sent[1]?.query).toBe(sent[0]?.query);
});

test("nobody shares a request with somebody of other rights", async () => {
  const [one, other] = [{}, {}];
  await Promise.all([
    ask({ operation: LABEL, ids: ["a"], scope: one }),
    ask({ operation: LABEL, ids: ["a"], scope: other }),
    ask({ operation: LABEL, ids: ["a"], scope: "shop" }),
  ]);
  expect(sent).toHaveLength(3);
});

test("an error is told to those whose entity it is about, at their own position", async () => {
  const [first, second, third] = await Promise.all([
    ask({ operation: LABEL, ids: ["a", "unspeakable"] }),
    ask({ operation: LABEL, ids: ["unspeakable", "gone"] }),
    ask({ operation: BROKEN, ids: ["a"] }),
  ]);
  expect(first).toEqual({
    data: { _entities: [{ label: "a" }, null] },
    errors: [expect.objectContaining({ message: "no such thing", path: ["_entities", 1] })],
  });
  expect(second).toEqual({
    data: { _entities: [null, null] },
    errors: [expect.objectContaining({ message: "no such thing", path: ["_entities", 0] })],
  });
  expect(third).toEqual({
    data: { _entities: [{ label: "a", broken: null }] },
    errors: [expect.objectContaining({ message: "broken", path: ["_entities", 0, "broken"] })],
  });
  expect(sent).toHaveLength(1);
});

test("two who get the same entity get objects of their own", async () => {
  const [first, second] = await Promise.all([
    ask({ operation: PARTS, ids: ["a", "a"] }),
    ask({ operation: PARTS, ids: ["a"] }),
  ]);
  const partsIn = (answer: typeof first) =>
    ((answer.data?.["_entities"] ?? []) as { parts: object[] }[]).map(({ parts }) => parts[0]);
  const all = [...partsIn(first), ...partsIn(second)];
  expect(new Set(all).size).toBe(3);
  expect(all).toEqual(Array(3).fill({ id: "part of a" }));
});

test("a fetch that spoils a request for the others is sent apart from them", async () => {
  refuse = (query) => query.includes("parts");
  const [label, parts, again] = await Promise.all([
    ask({ operation: LABEL, ids: ["a"] }),
    ask({ operation: PARTS, ids: ["a"] }),
    ask({ operation: LABEL, ids: ["b"] }),
  ]);
  expect([label, again]).toEqual([labels("a"), labels("b")]);
  expect(parts).toMatchObject({ data: null, errors: [{ message: "too many aliases" }] });
  expect(sent).toHaveLength(3);
});

test("a subgraph that refuses documents of several fetches is sent one fetch per request from then on", async () => {
  refuse = (query) => (query.match(/_entities/g)?.length ?? 0) > 1;
  const both = () =>
    Promise.all([
      ask({ operation: LABEL, ids: ["a"] }),
      ask({ operation: SIZED, ids: ["b"] }),
      ask({ operation: LABEL, ids: ["c"] }),
    ]);
  expect(await both()).toEqual([labels("a"), labels("b"), labels("c")]);
  expect(sent).toHaveLength(3);
  sent = [];
  expect(await both()).toEqual([labels("a"), labels("b"), labels("c")]);
  expect(sent).toHaveLength(2);
});

test("a representation that spoils a request for the others is sent apart from them", async () => {
  const [good, bad] = await Promise.all([
    ask({ operation: LABEL, ids: ["a"] }),
    ask({ operation: LABEL, ids: ["a"], type: "Unknown" }),
  ]);
  expect(good).toEqual(labels("a"));
  expect(bad).toMatchObject({ data: null, errors: [{ path: ["_entities", 0] }] });
});

test("a subgraph that is away fails all of the batch at once and is not asked again", async () => {
  away = true;
  const outcomes = await Promise.allSettled([
    ask({ operation: LABEL, ids: ["a"] }),
    ask({ operation: PARTS, ids: ["a"] }),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(sent).toHaveLength(1);
});

test("a request has at most a hundred representations and twenty fetches", async () => {
  const ids = Array.from({ length: 60 }, (_, index) => `id-${index}`);
  await Promise.all(["x", "y", "z"].map((prefix) => ask({ operation: LABEL, ids: ids.map((id) => prefix + id) })));
  expect(sent.map(({ variables }) => (variables["representations"] as unknown[]).length)).toEqual([60, 60, 60]);
  sent = [];
  await Promise.all(ids.slice(0, 50).map((id, size) => ask({ operation: SIZED, ids: [id], variables: { size } })));
  expect(sent.map(({ query }) => query.match(/_entities_/g)?.length)).toEqual([20, 20, 10]);
});

test("a batch speaks with the first one's trace and is aborted when nobody waits any more", async () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const first = anonymousContext({ signal: one.signal });
  const answers = Promise.all([
    ask({ operation: LABEL, ids: ["a"], context: first }),
    ask({ operation: PARTS, ids: ["b"], context: anonymousContext({ signal: two.signal }) }),
  ]);
  await answers;
  expect(sent[0]?.context.trace).toBe(first.trace);
  one.abort();
  expect(sent[0]?.context.signal?.aborted).toBe(false);
  two.abort();
  expect(sent[0]?.context.signal?.aborted).toBe(true);
});

test("a fetch with directives of its own, or of more than entities, is left alone", () => {
  const entities = "_entities(representations:$r)";
  expect(compile(`query($r:[_Any!]!)@mine{${entities}{...on Thing{id}}}`)).toBeUndefined();
  expect(compile(`query($r:[_Any!]! $i:Boolean!){${entities}@include(if:$i){...on Thing{id}}}`)).toBeUndefined();
  expect(compile("{nothing}")).toBeUndefined();
});

test("the version of an entity is asked for under a name that the fetch does not use", () => {
  const fetch = compiled(LABEL.replace("label", "label _tributaryVersion:label"), ["Thing"]);
  expect(fetch.versions.alias).toBe("_tributaryVersion_");
  expect(fetch.text).toContain("...on Thing{_tributaryVersion_:version}");
});

/** As after a deploy that the supergraph does not know of yet. */
const OUTDATED = LABEL.replace("label", "title");

const wants = fc.array(
  fc.record({
    operation: fc.constantFrom(LABEL, SIZED, PARTS, BROKEN, OUTDATED),
    ids: fc.array(fc.constantFrom("a", "b", "gone", "unspeakable"), { minLength: 1, maxLength: 4 }),
    // A negative size fails the entity.
    variables: fc.record({ size: fc.integer({ min: -1, max: 2 }) }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Errors come in the order in which they happened. */
const inOrder = ({ data, errors }: EntityAnswer) => ({
  data,
  errors: errors.map((error) => JSON.stringify(error)).sort(),
});

test("whatever is asked together is answered as if it had been asked alone", async () => {
  await fc.assert(
    fc.asyncProperty(wants, async (asked) => {
      const own = asked.map((want) => (want.operation === SIZED ? want : { ...want, variables: {} }));
      const alone = [];
      for (const want of own) alone.push(await ask(want));
      const together = await Promise.all(own.map(ask));
      expect(together.map(inOrder)).toEqual(alone.map(inOrder));
    }),
    { numRuns: 100 },
  );
});
