// What leaf values of subgraphs are to clients.
import { GraphQLEnumType, GraphQLScalarType, specifiedScalarTypes } from "graphql";
import { expect, test } from "vitest";
import { leafWriter } from "../../../../gateway/engine/response/leaf-writer.ts";
import { LosslessNumber } from "../../../../gateway/transport/lossless-number.ts";

const ENUM = new GraphQLEnumType({ name: "Kind", values: { A: {}, B: {} } });
const CUSTOM = new GraphQLScalarType({ name: "Anything" });
const types = new Map([ENUM, CUSTOM, ...specifiedScalarTypes].map((type) => [type.name, type]));

const CASES: readonly [type: string, value: unknown, text: string | undefined][] = [
  ["Int", 2_147_483_647, "2147483647"],
  ["Int", -2_147_483_648, "-2147483648"],
  ["Int", 2_147_483_648, undefined],
  ["Int", -2_147_483_649, undefined],
  ["Int", 1_463_692_053_071, undefined],
  ["Int", 1e3, "1000"],
  ["Int", -0, "0"],
  ["Int", 1.5, undefined],
  ["Int", "1", undefined],
  ["Int", true, undefined],
  ["Int", Number.POSITIVE_INFINITY, undefined],
  ["Int", {}, undefined],
  ["Float", 1.5, "1.5"],
  ["Float", 3_000_000_000, "3000000000"],
  ["Float", Number.POSITIVE_INFINITY, undefined],
  ["Float", Number.NaN, undefined],
  ["Float", "1.5", undefined],
  ["Boolean", true, "true"],
  ["Boolean", 1, undefined],
  ["Boolean", "true", undefined],
  ["String", 'a"', '"a\\""'],
  ["String", 1, undefined],
  ["String", true, undefined],
  ["String", ["a"], undefined],
  ["ID", "a", '"a"'],
  ["ID", 7, '"7"'],
  ["ID", 1.5, undefined],
  ["ID", true, undefined],
  ["Kind", "A", '"A"'],
  ["Kind", "C", undefined],
  ["Kind", 0, undefined],
  ["Kind", "toString", undefined],
  ["Anything", { a: [1, null] }, '{"a":[1,null]}'],
  ["Anything", 3_000_000_000, "3000000000"],
  ["Anything", new LosslessNumber("9007199254740993"), "9007199254740993"],
  ["Anything", { a: [new LosslessNumber("1.0"), new LosslessNumber("-0")] }, '{"a":[1.0,-0]}'],
  ["ID", new LosslessNumber("9007199254740993"), '"9007199254740993"'],
  ["ID", new LosslessNumber("7.0"), '"7"'],
  ["ID", new LosslessNumber("7.50"), undefined],
  ["ID", new LosslessNumber("1e400"), undefined],
  ["Int", new LosslessNumber("7.0"), "7"],
  ["Int", new LosslessNumber("1e3"), "1000"],
  ["Int", new LosslessNumber("-0"), "0"],
  ["Int", new LosslessNumber("9007199254740993"), undefined],
  ["Float", new LosslessNumber("5.0"), "5"],
  ["Float", new LosslessNumber("0.1000000000000000055"), "0.1"],
  ["Float", new LosslessNumber("1e400"), undefined],
  ["String", new LosslessNumber("1.0"), undefined],
  ["Boolean", new LosslessNumber("1.0"), undefined],
  ["Kind", new LosslessNumber("1.0"), undefined],
];

test.each(CASES)("a value of type %s that is %j is written as %j", (name, value, text) => {
  const type = types.get(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  expect(leafWriter(type)(value, false)).toBe(text);
});
