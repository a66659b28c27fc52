// A supergraph for tests of planning, and its plans as lines that can be read: each fetch with what it sends.
import { composeServices } from "@apollo/composition";
import type { PlanNode, QueryPlan, QueryPlanSelectionNode } from "@apollo/query-planner";
import { parse } from "graphql";
import { buildGeneration } from "../../../../../gateway/composition/schema-generation.ts";
import { planOperation } from "../../../../../gateway/engine/planning/plan-operation.ts";
import type { SchemaGeneration } from "../../../../../gateway/ports.ts";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@inaccessible"])`;

export function generationOf(subgraphs: Readonly<Record<string, string>>): SchemaGeneration {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    typeDefs: parse(`${LINK} ${sdl}`),
    url: `http://${name}`,
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return buildGeneration(supergraphSdl);
}

/** Steps in turn, each the fetches that run beside each other. Internal names end in #1, #2 … in place of a hash. */
export function plannedSteps(generation: SchemaGeneration, query: string): string[][] {
  const hashes: string[] = [];
  const numbered = (found: string) => {
    if (!hashes.includes(found)) hashes.push(found);
    return `#${hashes.indexOf(found) + 1}`;
  };
  return stepsOf(planOperation(generation, parse(query), undefined)).map((step) =>
    step.map((line) => line.replace(/_[0-9a-f]{12}\b/g, numbered)),
  );
}

function stepsOf({ node }: QueryPlan): string[][] {
  if (node === undefined) return [];
  if (node.kind === "Subscription") return [linesOf(node.primary, ""), ...(node.rest ? inTurn(node.rest) : [])];
  return inTurn(node);
}

function inTurn(node: PlanNode): string[][] {
  return node.kind === "Sequence" ? node.nodes.map((inner) => linesOf(inner, "")) : [linesOf(node, "")];
}

function linesOf(node: PlanNode, path: string): string[] {
  switch (node.kind) {
    case "Parallel":
      return node.nodes.flatMap((inner) => linesOf(inner, path));
    case "Flatten":
      return linesOf(node.node, node.path.join("."));
    case "Fetch": {
      const sent = (node.requires ?? []).map(printed).join(" ");
      const renamed = (node.inputRewrites ?? []).map((rewrite) =>
        rewrite.kind === "KeyRenamer" ? ` ${rewrite.path.at(-1)} as ${rewrite.renameKeyTo}` : "",
      );
      const selected = node.operation.replace(/^.*_entities\(representations:\$representations\)(.*)\}$/, "$1");
      return [`${node.serviceName}${path && ` at ${path}`}${sent && ` sends ${sent}${renamed.join()}:`} ${selected}`];
    }
    default:
      throw new Error(`the plan holds a ${node.kind}`);
  }
}

function printed(selection: QueryPlanSelectionNode): string {
  if (selection.kind === "InlineFragment")
    return `${selection.typeCondition}{${selection.selections.map(printed).join(" ")}}`;
  const { name, selections } = selection;
  return selections === undefined ? name : `${name}{${selections.map(printed).join(" ")}}`;
}
