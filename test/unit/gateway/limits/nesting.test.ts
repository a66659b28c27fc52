import { expect, test } from "vitest";
import { refuseDeepNesting, refuseLargeJson } from "../../../../gateway/limits/nesting.ts";

const MAX_BYTES = 10_000;
const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;
const list = (items: number) => `[${Array.from({ length: items }, () => "1").join()}]`;

test("200 levels of JSON are read, 202 are not [GW-03]", () => {
  expect(() => refuseLargeJson(nested(200), 4 * MAX_BYTES)).not.toThrow();
  expect(() => refuseLargeJson(nested(202), 4 * MAX_BYTES)).toThrow("nested deeper than 200 levels");
  expect(() => refuseDeepNesting(JSON.parse(nested(200)))).not.toThrow();
  expect(() => refuseDeepNesting(JSON.parse(nested(202)))).toThrow("nested deeper than 200 levels");
});

test("a request may hold a value per 100 bytes that it may be long, and not one more [GW-03]", () => {
  expect(() => refuseLargeJson(list(100), MAX_BYTES)).not.toThrow();
  expect(() => refuseLargeJson(list(101), MAX_BYTES)).toThrow("more than 100 values");
  expect(() => refuseLargeJson(list(101), 2 * MAX_BYTES)).not.toThrow();
  const members = (count: number) => `{${Array.from({ length: count }, (_, at) => `"k${at}": {"b": [true]}`).join()}}`;
  expect(() => refuseLargeJson(members(33), MAX_BYTES)).not.toThrow();
  expect(() => refuseLargeJson(members(34), MAX_BYTES)).toThrow("more than 100 values");
});

test("what stands in texts is no value, however they are escaped [GW-03]", () => {
  for (const text of ["[".repeat(300), ",".repeat(300), '"[,{'.repeat(300), '\\"[,{'.repeat(300), "\\".repeat(301)]) {
    expect(() => refuseLargeJson(JSON.stringify({ text, [text]: text }), MAX_BYTES)).not.toThrow();
  }
  expect(() => refuseLargeJson(`["${"\\\\".repeat(3)}", ${list(101)}]`, MAX_BYTES)).toThrow("more than 100 values");
  expect(() => refuseLargeJson('["never ended', MAX_BYTES)).not.toThrow();
  expect(() => refuseLargeJson('["never ended\\', MAX_BYTES)).not.toThrow();
});
