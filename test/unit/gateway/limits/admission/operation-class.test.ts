// What the platform's own operations are, by what they may cost.
import { readdirSync, readFileSync } from "node:fs";
import { Kind, OperationTypeNode, parse } from "graphql";
import { expect, test } from "vitest";
import { buildGeneration } from "../../../../../gateway/composition/schema-generation.ts";
import { classOf, type OperationClass } from "../../../../../gateway/limits/admission/operation-class.ts";
import { createCostGuard } from "../../../../../gateway/limits/cost-guard.ts";

const generation = buildGeneration(readFileSync("schema/generated/supergraph.graphql", "utf8"));
const guard = createCostGuard({
  schema: { current: () => generation, onChange: () => () => undefined },
  maxCost: Number.MAX_SAFE_INTEGER,
  assumedListSize: 10,
});
const SCREENS = "web-client/src/graphql";

function classes(
  query: string,
): { readonly name: string; readonly kind: OperationTypeNode; readonly of: OperationClass }[] {
  const document = parse(query);
  return document.definitions.flatMap((operation) => {
    if (operation.kind !== Kind.OPERATION_DEFINITION) return [];
    const { estimated } = guard.admit({ schema: generation.apiSchema, document, operation, variables: { first: 20 } });
    return [
      { name: operation.name?.value ?? "", kind: operation.operation, of: classOf(operation.operation, estimated) },
    ];
  });
}

test("no screen of the web client is a report, and all that change something are commands", () => {
  const files = readdirSync(SCREENS).filter((name) => name.endsWith(".graphql"));
  const screens = classes(files.map((name) => readFileSync(`${SCREENS}/${name}`, "utf8")).join("\n"));
  expect(screens.length).toBeGreaterThan(10);
  for (const { name, kind, of } of screens) {
    expect([name, of]).toEqual([name, kind === OperationTypeNode.MUTATION ? "command" : "query"]);
  }
});

test("a full page of audit entries with their actors is a report", () => {
  const page = `query Page($id: ID!) { organization(id: $id) { auditLog(first: 100) {
    edges { node { id sequence action actor { user { displayName } } targets { id } } } } } }`;
  expect(classes(page)).toMatchObject([{ of: "report" }]);
});
