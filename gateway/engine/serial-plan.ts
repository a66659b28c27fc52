/**
 * The plan of a mutation: its root fields run one after the other, in the order of the document, through any fragments
 * and conditions. Source: GraphQL specification (October 2021), "Normal and Serial Execution". A field has run when
 * everything below it was fetched, from whichever subgraph, since the next one may change that.
 */
import type { DocumentNode, FieldNode } from "graphql";
import { responseName } from "./canonical/survey.ts";
import { fetchedNames } from "./plan/fetched-names.ts";
import type { SerialPart, Step } from "./plan/steps.ts";
import { rootFields, withRootFields } from "./root-fields.ts";

type PlanOf = (document: DocumentNode) => Step | undefined;

/**
 * Neighbours that one subgraph answers alone go there in one request: it runs them in their order, too.
 * @param document of one mutation, without conditions, with internal names
 * @param planOf plans such a document, however its root is made up
 */
export function planSerially(document: DocumentNode, planOf: PlanOf): Step | undefined {
  const parts: SerialPart[] = [];
  let joined: readonly FieldNode[] = [];
  for (const field of rootFields(document)) {
    if (field.name.value === "__typename") continue;
    const step = planOf(withRootFields(document, [field]));
    if (step === undefined) continue;
    const together = joinedWith(parts.at(-1)?.step, step) ? partOf(document, [...joined, field], planOf) : undefined;
    if (together === undefined) {
      parts.push({ step, fields: [responseName(field)] });
      joined = [field];
    } else {
      parts.splice(-1, 1, together);
      joined = [...joined, field];
    }
  }
  const [only, ...others] = parts;
  return others.length === 0 ? only?.step : { kind: "serial", parts };
}

/** Is all of the one fetched by one request, and does the other begin at the same subgraph? */
function joinedWith(one: Step | undefined, other: Step): boolean {
  return one?.kind === "fetch" && one.subgraph === firstFetch(other)?.subgraph;
}

function partOf(document: DocumentNode, fields: readonly FieldNode[], planOf: PlanOf): SerialPart | undefined {
  const step = planOf(withRootFields(document, fields));
  const names = fields.map(responseName);
  const first = step === undefined ? undefined : firstFetch(step);
  if (step === undefined || first === undefined) return undefined;
  const asked = [...fetchedNames(first).members.keys()];
  return asked.join() === names.join() ? { step, fields: names } : undefined;
}

function firstFetch(step: Step): Extract<Step, { kind: "fetch" }> | undefined {
  if (step.kind === "fetch") return step;
  const [first] = step.kind === "serial" ? step.parts.map((part) => part.step) : step.steps;
  return first === undefined ? undefined : firstFetch(first);
}
