/**
 * Takes the fields that have requirements out of a fetch, each into a fetch of its own that sends what the field
 * requires. Two fields may then be sent different values of one field, and a field waits for nothing but its own
 * requirement.
 */
import type { FetchDataRewrite, QueryPlanSelectionNode, ResponsePath } from "@apollo/query-planner";
import {
  type FieldNode,
  type GraphQLOutputType,
  type InlineFragmentNode,
  isListType,
  isNonNullType,
  Kind,
  OperationTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { compositeName, type FederationFacts, provisionOf, type Requirement } from "./federation-facts.ts";
import { CannotRepair, type FetchPart } from "./fetch-parts.ts";
import { printFieldSet } from "./field-sets.ts";
import { common, overlap } from "./planned-data.ts";
import type { RequiredNames } from "./required-fields.ts";

/** A place in the answer of a fetch. */
interface At {
  readonly parentType: string;
  readonly types: ReadonlySet<string>;
  readonly path: ResponsePath;
  /** The same as the subgraph names it, without lists. */
  readonly ownPath: readonly string[];
  readonly ofEntity: boolean;
  readonly provided: readonly SelectionNode[];
}

/**
 * @param rootType of a part that asks about no entities
 * @returns the part without such fields, where anything is left of it, and a part for each of their requirements
 * @throws CannotRepair where an object has no key by which it could be asked about again
 */
export function splitByRequirements(part: FetchPart, facts: FederationFacts, names: RequiredNames): FetchPart[] {
  const parts = new Map<string, FetchPart>();
  const { subgraph } = part;
  const renamed = renamedBy(part);

  function ofSet({ selections }: SelectionSetNode, at: At): SelectionSetNode | undefined {
    const keys: SelectionNode[] = [];
    const own = selections.flatMap((selection) =>
      selection.kind === Kind.FIELD ? ofField(selection, at, keys) : ofFragment(selection, at),
    );
    const all = [...own, ...keys];
    return all.length === 0 ? undefined : { kind: Kind.SELECTION_SET, selections: all };
  }

  function ofFragment(selection: SelectionNode, at: At): SelectionNode[] {
    if (selection.kind !== Kind.INLINE_FRAGMENT) throw new CannotRepair("a fetch has fragments");
    const condition = selection.typeCondition?.name.value;
    const possible = condition === undefined ? at.types : facts.possibleTypes(condition);
    const types = at.parentType === "" ? possible : common(at.types, possible);
    const selectionSet = ofSet(selection.selectionSet, { ...at, parentType: condition ?? at.parentType, types });
    return selectionSet === undefined ? [] : [{ ...selection, selectionSet }];
  }

  function ofField(field: FieldNode, at: At, keys: SelectionNode[]): SelectionNode[] {
    const node = withoutRequirements(field, at);
    const requirements = facts.requirementsIn(subgraph, field.name.value);
    if (requirements === undefined) return [node];
    const byRequirement = new Map<Requirement, Set<string>>();
    const free: string[] = [];
    for (const type of at.types) {
      const requirement = requirements.get(type);
      if (requirement === undefined || facts.isLocal(subgraph, requirement.type, requirement.fields, at.provided)) {
        free.push(type);
      } else byRequirement.set(requirement, (byRequirement.get(requirement) ?? new Set()).add(type));
    }
    if (byRequirement.size === 0) return [node];
    for (const [requirement, types] of byRequirement) keys.push(...takeOut(node, requirement, types, at));
    return free.filter((type) => facts.knows(subgraph, type)).map((type) => fragmentOn(type, [node]));
  }

  /** The field, with nothing below it that has requirements. */
  function withoutRequirements(field: FieldNode, at: At): FieldNode {
    const name = field.name.value;
    const type = facts.fieldType(at.parentType, name);
    const inner = compositeName(type);
    if (field.selectionSet === undefined || inner === undefined || type === undefined) return field;
    const ownName = (field.alias ?? field.name).value;
    const selectionSet = ofSet(field.selectionSet, {
      parentType: inner,
      types: facts.possibleTypes(inner),
      path: [...at.path, renamed.get(ownName) ?? ownName, ...listSteps(type)],
      ownPath: [...at.ownPath, ownName],
      ofEntity: false,
      provided: [
        ...(provisionOf(at.provided, name) ?? []),
        ...facts.providedBelow(subgraph, [at.parentType, ...at.types], name),
      ],
    });
    return { ...field, selectionSet: selectionSet ?? TYPE_NAME_ONLY };
  }

  /** @returns what the fetch has to select instead, so that the object can be asked about again */
  function takeOut(node: FieldNode, requirement: Requirement, types: ReadonlySet<string>, at: At): SelectionNode[] {
    // Fields that require the same go together.
    const key = JSON.stringify([at.path, requirement.type, printFieldSet(requirement.fields), [...types].sort()]);
    const conditions = requirement.type === at.parentType ? [requirement.type] : [...types];
    const selected = conditions.map((condition) => fragmentOn(condition, [node]));
    const existing = parts.get(key);
    if (at.ofEntity) {
      const sent = existing ?? {
        ...part,
        ...sentWith(part, requirement, types),
        withRequired: true,
        selectionSet: EMPTY,
      };
      parts.set(key, withMore(sent, selected));
      return [];
    }
    const entityKey = facts
      .keysOf(subgraph, requirement.type)
      .find((fields) => facts.isLocal(subgraph, requirement.type, fields, at.provided));
    if (entityKey === undefined) throw new CannotRepair(`no key of ${requirement.type} in ${subgraph}`);
    const asked: FetchPart = existing ?? {
      subgraph,
      path: at.path,
      turn: part.turn,
      operationKind: OperationTypeNode.QUERY,
      operationName: part.operationName,
      variables: part.variables,
      ...askedAgain(requirement, entityKey),
      ...outputBelow(part, at.ownPath),
      withRequired: true,
      selectionSet: EMPTY,
    };
    const onType = requirement.type === at.parentType ? selected : [fragmentOn(requirement.type, [node])];
    parts.set(key, withMore(asked, onType));
    const again = [TYPE_NAME, ...entityKey];
    return requirement.type === at.parentType ? again : [fragmentOn(requirement.type, again)];
  }

  /** What the part sends, and what is required beside it. */
  function sentWith(
    { requires = [], inputRewrites = [] }: FetchPart,
    { fields }: Requirement,
    types: ReadonlySet<string>,
  ): Pick<FetchPart, "requires" | "inputRewrites"> {
    const required = fields.map((field) => sentNode(field, names));
    const conditions: string[] = [];
    const sent = requires.flatMap((selection): QueryPlanSelectionNode[] => {
      const condition = selection.kind === Kind.INLINE_FRAGMENT ? selection.typeCondition : undefined;
      if (selection.kind !== Kind.INLINE_FRAGMENT || condition === undefined) return [];
      const possible = facts.possibleTypes(condition);
      if (!overlap(possible, types)) return [];
      const own = [...possible].every((type) => types.has(type))
        ? [condition]
        : [...possible].filter((type) => types.has(type));
      conditions.push(...own);
      return own.map((typeCondition) => ({
        ...selection,
        typeCondition,
        selections: [...selection.selections, ...required],
      }));
    });
    return {
      requires: sent,
      inputRewrites: [...new Set(conditions)].flatMap((type) => renames(type, fields)).concat(inputRewrites),
    };
  }

  function askedAgain(
    { type, fields }: Requirement,
    key: readonly SelectionNode[],
  ): Pick<FetchPart, "requires" | "inputRewrites"> {
    const identity = [TYPE_NAME, ...key].map((field) => sentNode(field, OWN_NAMES));
    const selections = [...identity, ...fields.map((field) => sentNode(field, names))];
    const typenameRewrites: FetchDataRewrite[] = facts.isInterface(type)
      ? [{ kind: "ValueSetter", path: [`... on ${type}`, "__typename"], setValueTo: type }]
      : [];
    return {
      requires: [{ kind: Kind.INLINE_FRAGMENT, typeCondition: type, selections }],
      // The type is told last: renaming looks at it.
      inputRewrites: [...renames(type, fields), ...typenameRewrites],
    };
  }

  /** Subgraphs know required fields by their own names. */
  function renames(type: string, fields: readonly SelectionNode[]): FetchDataRewrite[] {
    function below(selections: readonly SelectionNode[], path: readonly string[]): FetchDataRewrite[] {
      return selections.flatMap((selection) => {
        if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
        const inner = selection.selectionSet?.selections ?? [];
        if (selection.kind === Kind.INLINE_FRAGMENT) return below(inner, path);
        const name = names.of(selection);
        const own = [...path, name];
        const rename: FetchDataRewrite = { kind: "KeyRenamer", path: own, renameKeyTo: selection.name.value };
        return [...below(inner, own), ...(name === selection.name.value ? [] : [rename])];
      });
    }
    return below(fields, [`... on ${type}`]);
  }

  const rootType = part.requires === undefined ? facts.schema.getRootType(part.operationKind)?.name : "";
  const selectionSet = ofSet(part.selectionSet, {
    parentType: rootType ?? "",
    types: facts.possibleTypes(rootType ?? ""),
    path: part.path,
    ownPath: [],
    ofEntity: part.requires !== undefined,
    provided: [],
  });
  return [...(selectionSet === undefined ? [] : [{ ...part, selectionSet }]), ...parts.values()];
}

/** Of keys: they take no arguments, so nothing else has their names. */
const OWN_NAMES: RequiredNames = { of: ({ name }) => name.value };

/** A selection as plans write what is sent. */
function sentNode(selection: SelectionNode, names: RequiredNames): QueryPlanSelectionNode {
  if (selection.kind === Kind.FRAGMENT_SPREAD) throw new CannotRepair("a field set has fragments");
  const selections = selection.selectionSet?.selections.map((inner) => sentNode(inner, names));
  if (selection.kind === Kind.INLINE_FRAGMENT) {
    const typeCondition = selection.typeCondition?.name.value;
    return { kind: Kind.INLINE_FRAGMENT, ...(typeCondition && { typeCondition }), selections: selections ?? [] };
  }
  return { kind: Kind.FIELD, name: names.of(selection), ...(selections && { selections }) };
}

const EMPTY: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [] };
const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };
const TYPE_NAME_ONLY: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [TYPE_NAME] };

function fragmentOn(type: string, selections: readonly SelectionNode[]): InlineFragmentNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}

function withMore(part: FetchPart, selections: readonly SelectionNode[]): FetchPart {
  return {
    ...part,
    selectionSet: { ...part.selectionSet, selections: [...part.selectionSet.selections, ...selections] },
  };
}

/** `@` for each list that the type is of. */
function listSteps(type: GraphQLOutputType): "@"[] {
  if (isNonNullType(type)) return listSteps(type.ofType);
  return isListType(type) ? ["@", ...listSteps(type.ofType)] : [];
}

function renamedBy({ outputRewrites }: FetchPart): ReadonlyMap<string, string> {
  return new Map(
    (outputRewrites ?? []).flatMap((rewrite) => {
      const name = rewrite.path.at(-1);
      return rewrite.kind === "KeyRenamer" && name !== undefined ? [[name, rewrite.renameKeyTo] as const] : [];
    }),
  );
}

/** Changes of a fetch's answer that concern what stands below a path of it. */
function outputBelow({ outputRewrites = [] }: FetchPart, path: readonly string[]): Pick<FetchPart, "outputRewrites"> {
  const below = outputRewrites.flatMap((rewrite) => {
    const rest = pathBelow(rewrite.path, path);
    return rest === undefined ? [] : [{ ...rewrite, path: rest }];
  });
  return below.length === 0 ? {} : { outputRewrites: below };
}

function pathBelow(path: readonly string[], start: readonly string[]): string[] | undefined {
  const [step, ...rest] = path;
  const [first, ...others] = start;
  if (first === undefined) return [...path];
  if (step === undefined) return undefined;
  if (step.startsWith("... on ")) return pathBelow(rest, start);
  return step === first ? pathBelow(rest, others) : undefined;
}
