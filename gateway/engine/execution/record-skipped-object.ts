/**
 * Records objects that a fetch skips because a field that it requires was not fetched. The fields that it would have
 * brought are then missing for the same reason as the required field.
 */
import { getResponseName, type QueryPlanSelectionNode } from "@apollo/query-planner";
import { Kind } from "graphql";
import { isJsonObject, type JsonObject, readMember } from "../../transport/json-object.ts";
import type { FetchStep } from "../plan/steps.ts";
import { explanations, type Failure, type Failures, type FailuresHere, failuresBelow } from "./failures.ts";

/** @param object lacks something, or is of another type than the fetch is about */
export function recordSkippedObject(failures: Failures, step: FetchStep, object: JsonObject): void {
  const here = [...failures.of(object), ...failures.above(step.path)];
  const failure = createSearch(failures, step).ofSelections(step.requires, object, here);
  if (failure !== undefined) failures.missing(object, step, failure);
}

/** Looks for the failure of the first thing that is required and not there. */
function createSearch(failures: Failures, step: FetchStep) {
  function ofSelections(
    selections: readonly QueryPlanSelectionNode[],
    object: JsonObject,
    here: readonly FailuresHere[],
  ): Failure | undefined {
    for (const selection of selections) {
      const failure = ofSelection(selection, object, here);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  function ofSelection(
    selection: QueryPlanSelectionNode,
    object: JsonObject,
    here: readonly FailuresHere[],
  ): Failure | undefined {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const { typeCondition, selections } = selection;
      const fits = typeCondition === undefined || step.fits(typeCondition, object["__typename"]);
      return fits ? ofSelections(selections, object, here) : undefined;
    }
    const name = getResponseName(selection);
    const value = readMember(object, name);
    const below = failuresBelow(here, name);
    if (value === undefined) return explanations(below, value)[0]?.failure;
    return selection.selections === undefined ? undefined : ofValue(selection.selections, value, below);
  }

  function ofValue(
    selections: readonly QueryPlanSelectionNode[],
    value: unknown,
    here: readonly FailuresHere[],
  ): Failure | undefined {
    if (isJsonObject(value)) return ofSelections(selections, value, [...here, ...failures.of(value)]);
    if (!Array.isArray(value)) return undefined;
    for (const [index, item] of value.entries()) {
      const failure = ofValue(selections, item, failuresBelow(here, index));
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  return { ofSelections };
}
