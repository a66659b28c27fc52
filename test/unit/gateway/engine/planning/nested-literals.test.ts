// Literals that are nested as deep as a document may be: planned at once, whatever their type, and sent as they were
// written. Each list within another once doubled the time.
import { expect, test } from "vitest";
import { generationOf, plannedSteps } from "./planned-graph.ts";

const graph = generationOf({
  a: `scalar Any input Filter { all: [Filter!] is: Int any: Any }
    type Query { item(any: Any, filter: Filter): Item }
    type Item @key(fields: "id") { id: ID! size(any: Any, filter: Filter): Int }`,
  b: `scalar Any input Filter { all: [Filter!] is: Int any: Any }
    type Item @key(fields: "id") { id: ID! weight(any: Any, filter: Filter): Int }`,
});

function nested(open: string, inside: string, close: string, levels = 100): string {
  return open.repeat(levels) + inside + close.repeat(levels);
}

test.each([
  ["lists", "any", nested("[", "1", "]")],
  ["lists and objects", "any", nested("{a: [", "1", "]}")],
  ["objects around an enum's name", "any", nested("{a: ", "NAME", "}")],
  ["lists around a large number", "any", nested("[", "9007199254740993", "]")],
  ["lists around a variable", "any", nested("[", "$variable", "]")],
  ["inputs in lists", "filter", nested("{all: [", "{is: 1}", "]}")],
  ["inputs around a variable", "filter", nested("{all: ", "{is: $number}", "}")],
  ["inputs around JSON with a variable", "filter", nested("{all: [", "{any: [[{a: [$variable]}]]}", "]}")],
])("100 levels of %s are planned at once [S16]", (_levels, argument, literal) => {
  const given = `(${argument}: ${literal})`;
  const operation = `query($variable: Any, $number: Int) { item${given} { size${given} weight${given} } }`;
  const sent = plannedSteps(graph, operation).flat().join(" ").replaceAll(/[\s,]/g, "");
  for (const field of ["item", "size", "weight"]) expect(sent).toContain(`${field}(${argument}:`);
  // A list of one may be written without its brackets; JSON may not.
  if (argument === "any") expect(sent.split(literal.replaceAll(/[\s,]/g, ""))).toHaveLength(4);
  const variable = /\$\w+/.exec(literal)?.[0];
  if (variable !== undefined) expect(sent).toContain(`${variable}:`);
});
