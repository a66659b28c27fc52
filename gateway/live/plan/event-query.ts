/**
 * What is fetched for each event of a subscription, under one set of conditions: the record answers the first fetch,
 * subgraphs the rest.
 */
import { type FragmentDefinitionNode, getOperationAST, Kind, parse } from "graphql";
import type { CompiledOperation } from "../../engine/compiled-operation.ts";
import type { FetchStep, Step } from "../../engine/plan/steps.ts";
import type { SchemaGeneration } from "../../ports.ts";
import type { FetchCompiler, PlanFetches } from "../enrichment/plan-fetches.ts";
import type { LiveField } from "./directive.ts";
import type { RecordQuery } from "./record.ts";

export interface EventQuery {
  readonly compiled: CompiledOperation;
  /** Names of the subgraphs that are asked. */
  readonly subgraphs: ReadonlySet<string>;
  /** How the record answers the first fetch. */
  readonly record: RecordQuery;
  readonly fetches: PlanFetches;
}

/** @returns `undefined` when the field's own subgraph is not asked first */
export function compileEventQuery(
  generation: SchemaGeneration,
  field: LiveField,
  compiled: CompiledOperation,
  fetches: FetchCompiler,
): EventQuery | undefined {
  const [first, ...rest] = compiled.step === undefined ? [] : fetchSteps(compiled.step);
  if (first?.subgraph !== field.serviceName) return undefined;
  return {
    compiled,
    subgraphs: new Set(rest.map(({ subgraph }) => subgraph)),
    record: recordQuery(generation, field, first.operation.text),
    fetches: fetches.compile(generation, rest),
  };
}

/** In the order in which they run. */
function fetchSteps(step: Step): FetchStep[] {
  switch (step.kind) {
    case "fetch":
      return [step];
    case "serial":
      return step.parts.flatMap((part) => fetchSteps(part.step));
    default:
      return step.steps.flatMap(fetchSteps);
  }
}

function recordQuery(generation: SchemaGeneration, field: LiveField, text: string): RecordQuery {
  const document = parse(text, { noLocation: true });
  const root = getOperationAST(document)?.selectionSet.selections.find((node) => node.kind === Kind.FIELD);
  if (root?.selectionSet === undefined) throw new Error(`the planner's first fetch has no selection: ${text}`);
  const fragments = document.definitions.filter(
    (node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION,
  );
  return {
    responseName: root.alias?.value ?? root.name.value,
    selectionSet: root.selectionSet,
    fragments: new Map(fragments.map((node) => [node.name.value, node])),
    schema: generation.supergraphSchema,
    field,
  };
}
