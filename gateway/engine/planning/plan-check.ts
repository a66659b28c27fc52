/**
 * Walks a plan as it would run and looks whether each fetch has what the supergraph says that it needs: every required
 * field, fetched before, with the arguments of the requirement, and a key that the subgraph resolves. Knows nothing of
 * how plans are made. Linear in the plan.
 */
import type { FetchNode, PlanNode, QueryPlan, ResponsePath } from "@apollo/query-planner";
import type { FieldNode } from "graphql";
import type { FederationFacts, Requirement } from "./federation-facts.ts";
import { addFields, readFetch, type SelectedField } from "./fetch-document.ts";
import { printFieldSet } from "./field-sets.ts";
import { type Ended, emptyPlace, fieldsAt, type Place, placesAt } from "./planned-data.ts";
import { type SentEntity, sendsAll, sendsRequired, sentBy, typesToSend } from "./representations.ts";

export interface PlanFault {
  /** The field that would be answered wrongly, or not at all, e.g. `Item.price`. */
  readonly field: string;
  readonly reason: string;
}

export interface CheckedPlan {
  readonly faults: readonly PlanFault[];
  /** What the data holds once the plan has run. */
  readonly data: Place;
}

/**
 * Fetches of branches that run beside the one that is looked at: from the first number up to, not including, the
 * second.
 */
type Hidden = readonly [number, number];

/** The field, whatever is selected of what it leads to. */
function alone({ selectionSet: _below, ...field }: FieldNode): FieldNode {
  return field;
}

export function checkPlan({ node }: QueryPlan, facts: FederationFacts): CheckedPlan {
  const data = emptyPlace();
  const faults = new Map<string, PlanFault>();
  const hidden: Hidden[] = [];
  let fetches = 0;
  const ended: Ended = (fetch) => hidden.every(([from, to]) => fetch < from || fetch >= to);

  function visit(plan: PlanNode, path: ResponsePath): void {
    switch (plan.kind) {
      case "Sequence":
        for (const inner of plan.nodes) visit(inner, path);
        return;
      case "Parallel":
        visitApart(plan.nodes, path);
        return;
      case "Condition":
        visitApart(
          [plan.ifClause, plan.elseClause].filter((clause) => clause !== undefined),
          path,
        );
        return;
      case "Flatten":
        visit(plan.node, [...path, ...plan.path]);
        return;
      case "Fetch":
        checkFetch(plan, path);
        return;
      default:
        throw new Error(`the plan holds a ${plan.kind}`);
    }
  }

  /** None of the branches has what another one fetches. */
  function visitApart(branches: readonly PlanNode[], path: ResponsePath): void {
    const first = fetches;
    for (const branch of branches) {
      hidden.push([first, fetches]);
      visit(branch, path);
      hidden.pop();
    }
  }

  function checkFetch(fetch: FetchNode, path: ResponsePath): void {
    const number = fetches;
    const places = placesAt(data, path, ended);
    const sent = sentBy(fetch, facts);
    for (const { types, sentTypename, fields, conditions } of sent) {
      const vague = conditions.find(
        (condition) => fieldsAt(places, "__typename", typesToSend(condition, facts), ended).length === 0,
      );
      if (vague !== undefined)
        note({ field: vague, reason: "is asked about before anybody tells which objects are one" });
      for (const typeName of sentTypename === undefined ? types : [sentTypename]) {
        const keys = facts.keysOf(fetch.serviceName, typeName);
        if (fields.some(({ readAs }) => readAs === "__typename") && keys.some((key) => sendsAll(fields, key))) continue;
        note({ field: typeName, reason: `is asked of ${fetch.serviceName} without a key that is resolved there` });
      }
    }
    const document = readFetch(fetch);
    for (const place of places) {
      // What the fetch itself brings is not there when it is sent.
      const before: Ended = (other) => other !== number && ended(other);
      addFields({ fetch, document, number }, place, facts, (field) => {
        checkField(fetch.serviceName, field, sent, { places: [place], ended: before });
      });
    }
    fetches += 1;
  }

  function checkField(
    subgraph: string,
    field: SelectedField,
    sent: readonly SentEntity[],
    at: { readonly places: readonly Place[]; readonly ended: Ended },
  ): void {
    const name = field.node.name.value;
    for (const other of field.conflicts) {
      note({
        field: `${field.parentType}.${name}`,
        reason: `is needed as ${field.planned.meaning} and as ${other.meaning}`,
      });
    }
    if (field.parentType !== "" && !facts.isLocal(subgraph, field.parentType, [alone(field.node)], field.provided)) {
      note({ field: `${field.parentType}.${name}`, reason: `is asked of ${subgraph}, where it is external` });
    }
    const requirements = facts.requirementsIn(subgraph, name);
    if (requirements === undefined) return;
    for (const type of field.types) {
      const requirement = requirements.get(type);
      if (requirement === undefined || isFed(requirement, type, field, sent, at)) continue;
      const reason = `requires ${printFieldSet(requirement.fields)}, which ${subgraph} would not be sent`;
      note({ field: `${requirement.type}.${name}`, reason });
    }
  }

  function isFed(
    { subgraph, type: declaredBy, fields }: Requirement,
    type: string,
    { ofEntity, provided }: SelectedField,
    sent: readonly SentEntity[],
    { places, ended: before }: { readonly places: readonly Place[]; readonly ended: Ended },
  ): boolean {
    if (facts.isLocal(subgraph, declaredBy, fields, provided)) return true;
    if (!ofEntity) return false;
    const types = new Set([type]);
    const own = sent.find((entity) => entity.types.has(type));
    return own === undefined || sendsRequired(fields, own.fields, { places, parentType: type, types }, facts, before);
  }

  function note(fault: PlanFault): void {
    faults.set(`${fault.field} ${fault.reason}`, fault);
  }

  if (node?.kind === "Subscription") {
    visit(node.primary, []);
    if (node.rest !== undefined) visit(node.rest, []);
  } else if (node !== undefined) visit(node, []);
  return { faults: [...faults.values()], data };
}
