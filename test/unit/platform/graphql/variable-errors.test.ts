// A subgraph that stands alone names the field of a wrong variable, too.
import { buildSchema, execute, parse } from "graphql";
import { expect, test } from "vitest";
import { withVariableFields } from "../../../../platform/graphql/variable-errors.ts";

const schema = buildSchema(`
  type Query { find(input: Find, first: Int): String }
  input Find { text: String!, zips: [Int!] }
`);

test.each([
  [
    "a wrong member",
    { i: { text: 1, zips: [1, "x"] }, n: 1 },
    [
      ["input", "text"],
      ["input", "zips", "1"],
    ],
  ],
  ["a missing variable", {}, [["first"]]],
  ["null where it may not be", { n: null }, [["first"]]],
  ["an unknown member", { i: { text: "a", more: 1 }, n: "x" }, [["input"], ["first"]]],
])("%s [S16]", async (_what, variables, fields) => {
  const document = parse("query($i: Find, $n: Int!) { find(input: $i, first: $n) }");
  const { errors = [] } = await execute({ schema, document, variableValues: variables });
  const named = withVariableFields(errors, { schema, document, operationName: undefined, variables });
  expect(named.map(({ extensions }) => extensions["field"])).toEqual(fields);
  expect(named.map(({ message }) => message)).toEqual(errors.map(({ message }) => message));
});
