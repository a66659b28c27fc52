import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkPublicSchema } from "../../../schema/public-schema.ts";

test("machinery is told by its names, wherever it stands", () => {
  const problems = checkPublicSchema(`
    type Query { _service: _Service things(_first: Int, of: ThingInput): [Thing] }
    type _Service { sdl: String }
    type Thing { kind: Kind size: live__Size }
    enum Kind { A__B }
    scalar live__Size
    input ThingInput { federation__key: ID }
  `);
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
    "Query._service",
    "Query.things(_first:)",
    "_Service",
    "Kind.A__B",
    "live__Size",
    "ThingInput.federation__key",
  ]);
});

test("a type that no operation leads to is told, a type behind an interface, a union or an argument is not", () => {
  const problems = checkPublicSchema(`
    interface Node { id: ID! }
    type Query { node(by: NodeInput): Node either: Either }
    type Mutation { stop: Boolean }
    input NodeInput { order: Order more: [NodeInput!] }
    enum Order { UP }
    type Thing implements Node { id: ID! }
    union Either = One | Other
    type One { a: Int }
    type Other { b: Int }
    enum LiveScope { VIEWER }
    type Lost { found: Found }
    type Found { a: Int }
  `);
  expect(problems).toEqual([
    "LiveScope is shown to clients, but no operation leads to it",
    "Lost is shown to clients, but no operation leads to it",
    "Found is shown to clients, but no operation leads to it",
  ]);
});

test("directives other than those of GraphQL are told", () => {
  expect(
    checkPublicSchema(`
      directive @cacheControl(maxAge: Int) on OBJECT
      directive @tag(name: String) repeatable on OBJECT
      type Query { a: Int @deprecated(reason: "use b") b: When }
      scalar When @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time.html")
    `),
  ).toEqual([
    "@cacheControl is shown to clients, who can do nothing with it",
    "@tag is shown to clients, who can do nothing with it",
  ]);
});

test("the published schema shows clients nothing but what they can use", () => {
  expect(checkPublicSchema(readFileSync("schema/generated/api.graphql", "utf8"))).toEqual([]);
});
