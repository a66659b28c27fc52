// What leaves for a subgraph when one request wants several things of it at once, and what each fetch gets back.
import fc from "fast-check";
import { execute, GraphQLError, parse, validate } from "graphql";
import { beforeEach, expect, test } from "vitest";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { createEntityBatching } from "../../../../gateway/transport/entity-batches.ts";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import {
  type SubgraphAnswer,
  type SubgraphClient,
  type SubgraphRequest,
  subgraphOperation,
  variablesText,
} from "../../../../gateway/transport/subgraph-client.ts";
import { anonymousContext } from "../../../support/anonymous-context.ts";
import { BROKEN, LABEL, PARTS, SIZED, things } from "../live/enrichment/things-subgraph.ts";

const LABEL_OF_ANOTHER_OPERATION = LABEL.replace("A__1", "B__7");

let sent: { readonly text: string; readonly variables: Record<string, unknown>; readonly context: GatewayContext }[];
let refuses: (text: string) => boolean;
let client: SubgraphClient;

const subgraph: SubgraphClient = async (request, asker) => {
  const { text } = request.operation;
  const variables: unknown = JSON.parse(variablesText(request));
  if (!isJsonObject(variables)) throw new Error("no variables");
  sent.push({ text, variables, context: asker });
  const document = parse(text);
  const problems = refuses(text) ? [new GraphQLError("too many aliases")] : validate(things, document);
  if (problems.length > 0) return { data: null, errors: problems.map((problem) => problem.toJSON()), shared: false };
  const { data, errors = [] } = await execute({ schema: things, document, variableValues: variables });
  const copy: unknown = JSON.parse(JSON.stringify(data ?? null));
  return { data: isJsonObject(copy) ? copy : null, errors: errors.map((error) => error.toJSON()), shared: false };
};

beforeEach(() => {
  sent = [];
  refuses = () => false;
  client = createEntityBatching().batch("things", subgraph);
});

const operations = new Map(
  [LABEL, LABEL_OF_ANOTHER_OPERATION, SIZED, PARTS, BROKEN].map((text) => [
    text,
    subgraphOperation(text, /query (\w+)/.exec(text)?.[1], "query"),
  ]),
);

function request(text: string, ids: readonly string[], variables: Record<string, unknown> = {}): SubgraphRequest {
  const operation = operations.get(text) ?? subgraphOperation(text, undefined, "query");
  const texts = ids.map((id) => JSON.stringify({ __typename: "Thing", id }));
  return { operation, variables, representations: { texts } };
}

/** Locations in the document and the order of errors are nobody's business. */
const plain = ({ data, errors }: SubgraphAnswer) => ({
  data,
  errors: new Set(errors.map(({ message, path }) => JSON.stringify([message, path]))),
});

test("different fetches of one turn are one request, equal ones share their representations", async () => {
  const who = anonymousContext();
  const answers = await Promise.all([
    client(request(LABEL, ["a", "b"]), who),
    client(request(LABEL_OF_ANOTHER_OPERATION, ["b", "c"]), who),
    client(request(SIZED, ["a"], { size: 2 }), who),
    client(request(SIZED, ["b"], { size: 3 }), who),
  ]);
  expect(answers.map(({ data }) => data)).toEqual([
    { _entities: [{ label: "a" }, { label: "b" }] },
    { _entities: [{ label: "b" }, { label: "c" }] },
    { _entities: [{ label: "aa" }] },
    { _entities: [{ label: "bbb" }] },
  ]);
  expect(sent).toHaveLength(1);
  const representations = Object.entries(sent[0]?.variables ?? {}).filter(([name]) => name.startsWith("repres"));
  expect(representations.map(([, list]) => Array.isArray(list) && list.length)).toEqual([3, 1, 1]);
});

test("a fetch alone leaves as it is", async () => {
  await client(request(LABEL, ["a"]), anonymousContext());
  expect(sent.map(({ text }) => text)).toEqual([LABEL]);
});

test("requests of different callers are never one", async () => {
  await Promise.all([
    client(request(LABEL, ["a"]), anonymousContext()),
    client(request(LABEL, ["a"]), anonymousContext()),
  ]);
  expect(sent).toHaveLength(2);
});

test("whatever is asked together is answered as if it had been asked alone", async () => {
  const ids = fc.uniqueArray(fc.constantFrom("a", "b", "c", "gone", "unspeakable"), { minLength: 1 });
  const fetch = fc.record({
    text: fc.constantFrom(LABEL, LABEL_OF_ANOTHER_OPERATION, SIZED, PARTS, BROKEN),
    ids,
    size: fc.constantFrom(1, 2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fetch, { minLength: 1, maxLength: 6 }), async (fetches) => {
      const who = anonymousContext();
      const wanted = fetches.map(({ text, ids: own, size }) => request(text, own, text === SIZED ? { size } : {}));
      const together = await Promise.all(wanted.map((each) => client(each, who)));
      const alone = await Promise.all(wanted.map((each) => subgraph(each, who)));
      expect(together.map(plain)).toEqual(alone.map(plain));
    }),
    { numRuns: 200 },
  );
});

/** Each of them calls something as the parts of a batch are called. */
const LIKE_PARTS = [
  "query A($representations:[_Any!]!){_entities(representations:$representations){...on Thing{_entities_1:label(size:1)}}}",
  "query A($representations:[_Any!]!$representations_1:Int){_entities(representations:$representations){...on Thing{label(size:$representations_1)}}}",
  "query A($representations:[_Any!]!$size_1:Int){_entities(representations:$representations){...on Thing{...F_1}}}fragment F_1 on Thing{label(size:$size_1)}",
  "query A($representations:[_Any!]!$size_1:Int){_entities(representations:$representations){...on Thing{...F_1}}}fragment F_1 on Thing{_entities_2:label(size:$size_1)parts{id}}",
  "query A($representations:[_Any!]!$size:Int){_entities(representations:$representations){...on Thing{...F}}}fragment F on Thing{label(size:$size)}",
  "query A($representations:[_Any!]!$size:Int$size_1:Int){_entities(representations:$representations){...on Thing{a:label(size:$size)b:label(size:$size_1)}}}",
];

test("[S8] names of one type's fetches do not meet in the document of a batch, whatever they are called", async () => {
  const variables = { representations_1: 2, size_1: 3, size: 4 };
  const wanted = LIKE_PARTS.flatMap((text, index) => {
    const declared = Object.fromEntries(Object.entries(variables).filter(([name]) => text.includes(`$${name}:`)));
    const doubled = Object.fromEntries(Object.entries(declared).map(([name, size]) => [name, 2 * size]));
    // The same query again, about other entities and with other values.
    return [request(text, ["a", "b"], declared), request(text, ["b", `c${index}`], doubled)];
  });
  const who = anonymousContext();
  const together = await Promise.all(wanted.map((each) => client(each, who)));
  expect(sent).toHaveLength(1);
  const alone = await Promise.all(wanted.map((each) => subgraph(each, who)));
  expect(together.map(plain)).toEqual(alone.map(plain));
  expect(together.every(({ errors }) => errors.length === 0)).toBe(true);
});

test("what a subgraph refuses together is asked of it one by one, and from then on for a while", async () => {
  refuses = (text) => text.includes("_entities_");
  const who = anonymousContext();
  const ask = () => Promise.all([client(request(LABEL, ["a"]), who), client(request(PARTS, ["a"]), who)]);
  for (const requests of [3, 2]) {
    sent = [];
    const [label, parts] = await ask();
    expect(label.data).toEqual({ _entities: [{ label: "a" }] });
    expect(parts.data).toEqual({ _entities: [{ parts: [{ id: "part of a" }] }] });
    expect(sent).toHaveLength(requests);
  }
});

test("a subgraph that does not answer is asked once, and each fetch misses its own [GW-13]", async () => {
  const extensions = { status: 503, retryable: true };
  const errors = [1, 2].map((id) => ({ message: "away", path: [`_entities_${id}`], extensions }));
  let asked = 0;
  const away = createEntityBatching().batch("things", async () => {
    asked += 1;
    return { data: null, errors, shared: false };
  });
  const who = anonymousContext();
  const answers = await Promise.all([away(request(LABEL, ["a"]), who), away(request(PARTS, ["a"]), who)]);
  expect(asked).toBe(1);
  const missing = { data: null, errors: [{ message: "away", path: ["_entities", 0], extensions }] };
  expect(answers).toMatchObject([missing, missing]);
});

test("an answer that cannot be split, or a client that fails, leaves nobody waiting", async () => {
  const broken = {
    data: { _entities: [] },
    get errors(): never {
      throw new Error("unreadable");
    },
    shared: false,
  };
  for (const fails of [() => Promise.resolve(broken), () => Promise.reject(new Error("fails"))]) {
    const failing = createEntityBatching().batch("things", fails);
    const who = anonymousContext();
    const answers = await Promise.all([failing(request(LABEL, ["a"]), who), failing(request(PARTS, ["a"]), who)]);
    const missing = { path: ["_entities", 0], extensions: { code: "SERVICE_UNAVAILABLE", retryable: true } };
    expect(answers).toMatchObject([
      { data: null, errors: [missing] },
      { data: null, errors: [missing] },
    ]);
  }
});

test("variables that cannot be written fail their own fetches, not the process", async () => {
  const who = anonymousContext();
  const endless = request(SIZED, ["a"], { size: 1n });
  const answers = await Promise.all([client(endless, who), client(endless, who)]);
  expect(answers.map(({ errors }) => errors[0]?.extensions?.["code"])).toEqual(Array(2).fill("SERVICE_UNAVAILABLE"));
  expect(sent).toEqual([]);
});

test("a batch is given up when nobody waits for any of it", async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const who = anonymousContext();
  const both = [
    client(request(LABEL, ["a"]), { ...who, signal: one.signal }),
    client(request(PARTS, ["a"]), { ...who, signal: other.signal }),
  ];
  await Promise.all(both);
  const signal = sent[0]?.context.signal;
  one.abort();
  expect(signal?.aborted).toBe(false);
  other.abort();
  expect(signal?.aborted).toBe(true);
});

test("mutations, and queries of anything but entities, are never held back", () => {
  let asked = 0;
  const passing = createEntityBatching().batch("things", () => {
    asked += 1;
    return Promise.resolve({ data: {}, errors: [], shared: false });
  });
  const who = anonymousContext();
  void passing(
    { operation: subgraphOperation("{ nothing }", undefined, "query"), variables: {}, representations: undefined },
    who,
  );
  void passing(
    { ...request(LABEL, ["a"]), operation: subgraphOperation("mutation { a }", undefined, "mutation") },
    who,
  );
  expect(asked).toBe(2);
});
