// What is kept of an answer, whatever a subgraph writes beside it.
import { expect, test } from "vitest";
import { MAX_ERRORS } from "../../../../gateway/transport/answer-errors.ts";
import { readAnswer } from "../../../../gateway/transport/subgraph-answer.ts";
import { type SubgraphRequest, subgraphOperation } from "../../../../gateway/transport/subgraph-client.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { anonymousContext } from "../../../support/anonymous-context.ts";

const request: SubgraphRequest = {
  operation: subgraphOperation("{ a b: c }", undefined, "query"),
  variables: {},
  representations: undefined,
};

/** The answer, and what was logged about it. */
function read(body: unknown, trustMessages = true) {
  const lines: string[] = [];
  const logger = createLogger({ name: "test", level: "info", destination: { write: (line) => void lines.push(line) } });
  const context = anonymousContext({ logger });
  const answer = readAnswer({ subgraph: "shop", trustMessages }, request, context, body);
  return { answer, context, lines };
}

/** Message and path of each error of an answer with data. */
function errorsBesideData(errors: unknown) {
  const { answer, lines } = read({ data: { a: 1 }, errors });
  expect(answer.data).toEqual({ a: 1 });
  return { errors: answer.errors.map(({ message, path }) => [message, path]), lines };
}

const ODD_MEMBERS: readonly [name: string, errors: unknown, expected: readonly unknown[]][] = [
  ["an error", { message: "m", path: ["a"] }, [["m", ["a"]]]],
  ["an empty object", {}, []],
  ["false", false, []],
  ["an empty text", "", []],
  ["a text", "it failed", [["it failed", undefined]]],
  ["a number", 3, [["3", undefined]]],
  ["true", true, [["true", undefined]]],
];

test.each(ODD_MEMBERS)("%s in place of the list of errors costs no data [S23]", (_, member, expected) => {
  const { errors, lines } = errorsBesideData(member);
  expect(errors).toEqual(expected);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("`errors` is no list");
});

const ODD_ENTRIES: readonly [name: string, error: unknown, expected: readonly unknown[], odd: boolean][] = [
  ["a text", "just text", ["just text", undefined], true],
  ["null", null, ["", undefined], true],
  ["a number", 42, ["42", undefined], true],
  ["a list", [["m"]], ["", undefined], true],
  ["no message", { path: ["a"] }, ["", ["a"]], true],
  ["a null message", { message: null }, ["", undefined], true],
  ["an object as message", { message: { text: "m" } }, ["", undefined], true],
  ["a number as message", { message: 7 }, ["7", undefined], true],
  ["a null path", { message: "m", path: null }, ["m", undefined], true],
  ["a text as path", { message: "m", path: "a.b" }, ["m", undefined], true],
  ["an object as path", { message: "m", path: { 0: "a" } }, ["m", undefined], true],
  ["an empty path", { message: "m", path: [] }, ["m", undefined], false],
  ["a path with a null", { message: "m", path: ["a", null, "b"] }, ["m", ["a"]], true],
  ["a path with a negative index", { message: "m", path: ["a", -1] }, ["m", ["a"]], true],
  ["a path with half an index", { message: "m", path: ["a", 0.5] }, ["m", ["a"]], true],
  ["a path that begins oddly", { message: "m", path: [{}, "a"] }, ["m", undefined], true],
  ["an index as text", { message: "m", path: ["a", "2", "b"] }, ["m", ["a", 2, "b"]], false],
  ["null locations", { message: "m", locations: null, path: ["a"] }, ["m", ["a"]], true],
  ["null extensions", { message: "m", extensions: null, path: ["a"] }, ["m", ["a"]], true],
  ["a list as extensions", { message: "m", extensions: ["x"], path: ["a"] }, ["m", ["a"]], true],
  ["a text as extensions", { message: "m", extensions: "x", path: ["a"] }, ["m", ["a"]], true],
];

test.each(ODD_ENTRIES)("an error of unusual form (%s) costs nothing but itself [S23]", (_, error, expected, odd) => {
  const usual = { message: "usual", path: ["a"] };
  const { errors, lines } = errorsBesideData([error, usual, error]);
  expect(errors).toEqual([expected, ["usual", ["a"]], expected]);
  // Once per answer, however often it comes.
  expect(lines).toHaveLength(odd ? 1 : 0);
});

test.each([
  ["a list", [1]],
  ["a text", "x"],
  ["a number", 1],
  ["true", true],
])("data that is no object (%s) is none, the errors beside it stay", (_, data) => {
  const { answer } = read({ data, errors: [{ message: "m", path: ["a"] }] });
  expect(answer).toMatchObject({ data: null, errors: [{ message: "m", path: ["a"] }] });
});

test.each([
  ["null", null],
  ["a text", "busy"],
  ["a list", [{ data: {} }]],
  ["an empty object", {}],
  ["null data without errors", { data: null }],
  ["null data and an empty list of errors", { data: null, errors: [] }],
  ["data that is no object, without errors", { data: [] }],
  ["the answer of a proxy", { message: "bad gateway", status: 502 }],
])("an answer that says nothing (%s) is an error at each of its fields", (_, body) => {
  const { answer } = read(body);
  expect(answer.data).toBeNull();
  expect(answer.errors).toMatchObject([
    { path: ["a"], extensions: { code: "SERVICE_UNAVAILABLE", status: 503 } },
    { path: ["b"], extensions: { code: "SERVICE_UNAVAILABLE", status: 503 } },
  ]);
});

test.each([["text"], [7], [["x"]], [true]])(
  "extensions of an answer that are no object (%j) are ignored",
  (extensions) => {
    const { answer, lines } = read({ data: { a: 1 }, extensions });
    expect(answer).toMatchObject({ data: { a: 1 }, errors: [] });
    expect(lines).toHaveLength(1);
  },
);

test("what a foreign subgraph means by our extensions costs neither data nor the extensions beside it", () => {
  const extensions = { idempotency: "yes", identity: { changed: true }, changes: "many", tracing: {} };
  const { answer, context } = read({ data: { a: 1 }, extensions });
  expect(answer).toEqual({ data: { a: 1 }, errors: [], shared: false });
  expect(context).toMatchObject({ rightsChanged: true });
  expect(context.idempotencyReplayed).toBeUndefined();
});

test("an error's extensions pass without what a server tells its own developers or our server takes orders from", () => {
  const extensions = {
    code: 42,
    reason: "sold out",
    http: { status: 201, headers: { "set-cookie": "a=b" } },
    stacktrace: ["at /srv"],
    exception: { stacktrace: [] },
  };
  const { answer } = read({ data: { a: null }, errors: [{ message: "m", extensions }] });
  expect(answer.errors[0]?.extensions).toEqual({
    code: "DOWNSTREAM_SERVICE_ERROR",
    reason: "sold out",
    tributaryPublic: true,
  });
});

test("errors without our codes are masked, whatever their form; one line of the log tells of them, and its id finds it", () => {
  const own = { message: "Not for you.", path: ["a"], extensions: { code: "FORBIDDEN", status: 403 } };
  const errors = ["SELECT secret", { message: "at /srv/app.ts", path: ["b"], extensions: null }, own];
  const { answer, lines } = read({ data: { a: null, b: null }, errors }, false);
  expect(JSON.stringify(answer)).not.toMatch(/SELECT|srv/);
  const [first, second, third] = answer.errors;
  expect([first?.path, second?.path, third]).toMatchObject([undefined, ["b"], own]);
  const [line, ...others] = lines.filter((text) => text.includes("SELECT secret"));
  expect(others).toEqual([]);
  for (const error of [first, second]) {
    expect(error?.extensions).toMatchObject({ code: "INTERNAL_SERVER_ERROR", status: 500, retryable: false });
    expect(line).toContain(String(error?.extensions?.["errorId"]));
  }
});

test("the number of errors is bounded, and how many were left out is told", () => {
  const errors = Array.from({ length: MAX_ERRORS + 500 }, (_, index) => ({ message: `m${index}`, path: ["a", index] }));
  const { answer, lines } = read({ data: { a: [] }, errors });
  expect(answer.errors).toHaveLength(MAX_ERRORS + 1);
  expect(answer.errors.at(-1)?.message).toContain("500 more errors");
  expect(lines).toHaveLength(1);
});
