/**
 * Compiles a plan's `requires` into a function from an object to the representation that a subgraph's `_entities`
 * receives. It is JSON text: equal representations are found by their texts, and requests are made of texts. Source:
 * Apollo Federation subgraph specification, "Resolving entity fields with Query._entities".
 */
import { getResponseName, type QueryPlanSelectionNode } from "@apollo/query-planner";
import { Kind } from "graphql";
import { isJsonObject, type JsonObject, reader } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import { stringText } from "../response/text.ts";
import type { TypeConditions } from "./type-conditions.ts";

/**
 * @returns `undefined` when the object is of another type or lacks something: an error for what is missing exists
 * already
 */
export type RepresentationBuilder = (object: JsonObject, hasFailed?: HasFailed) => string | undefined;

/**
 * Did anything fail of an object? Then what it lacks is missing, and so is whatever requires it. An object of which
 * nothing failed, and which lacks something, is no entity: null is sent for it.
 */
export type HasFailed = (object: JsonObject) => boolean;

const NOTHING_FAILED: HasFailed = () => false;

/** Texts of members by name; `false` when something is missing. */
type Select = (object: JsonObject, into: Map<string, string>, hasFailed: HasFailed) => boolean;

/** The same for an object whose type is known: nothing is selected twice, so the text is made at once. */
type Write = (object: JsonObject, hasFailed: HasFailed) => string | undefined;

export function compileRepresentation(
  requires: readonly QueryPlanSelectionNode[],
  types: TypeConditions,
): RepresentationBuilder {
  const byType = new Map<string, Write>();
  return (object, hasFailed = NOTHING_FAILED) => {
    const typeName = object["__typename"];
    if (typeof typeName !== "string") return undefined;
    let write = byType.get(typeName);
    if (write === undefined) {
      write = compileFor(requires, types, typeName);
      // Names come from subgraphs: those that no condition knows must not fill the memory.
      if (byType.size < MAX_TYPES) byType.set(typeName, write);
    }
    return write(object, hasFailed);
  };
}

const MAX_TYPES = 1_000;

function compileFor(requires: readonly QueryPlanSelectionNode[], types: TypeConditions, typeName: string): Write {
  const [only, ...others] = requires.filter(
    (selection) =>
      selection.kind === Kind.FIELD ||
      (selection.typeCondition !== undefined && types.matches(selection.typeCondition, typeName)),
  );
  if (only === undefined) return () => undefined;
  if (others.length === 0 && only.kind === Kind.INLINE_FRAGMENT) {
    const plain = compilePlain(only.selections);
    if (plain !== undefined) return plain;
  }
  const select = compileSelections(requires, types, false);
  return (object, hasFailed) => {
    const members = new Map<string, string>();
    return select(object, members, hasFailed) && members.has("__typename") ? textOf(members) : undefined;
  };
}

/** The usual key: some fields, none of them with a selection of its own. */
function compilePlain(selections: readonly QueryPlanSelectionNode[]): Write | undefined {
  const fields: { readonly head: string; readonly read: (object: JsonObject) => unknown }[] = [];
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD || selection.selections !== undefined) return undefined;
    const name = getResponseName(selection);
    fields.push({ head: `${fields.length === 0 ? "{" : ","}${stringText(name)}:`, read: reader(name) });
  }
  return (object) => {
    let text = "";
    for (const { head, read } of fields) {
      const value = read(object);
      if (value === undefined) return undefined;
      text += head + valueText(value);
    }
    return `${text}}`;
  };
}

/** @param isNested is it about an object within the one that is sent? */
function compileSelections(
  selections: readonly QueryPlanSelectionNode[],
  types: TypeConditions,
  isNested: boolean,
): Select {
  const steps = selections.map((selection) => compileSelection(selection, types, isNested));
  return (object, into, hasFailed) => steps.every((step) => step(object, into, hasFailed));
}

function compileSelection(selection: QueryPlanSelectionNode, types: TypeConditions, isNested: boolean): Select {
  if (selection.kind === Kind.INLINE_FRAGMENT) {
    const { typeCondition } = selection;
    const select = compileSelections(selection.selections, types, isNested);
    if (typeCondition === undefined) return () => true;
    return (object, into, hasFailed) => {
      const typeName = object["__typename"];
      // A missing part of a fragment leaves out the fragment, not the object: another one may still be whole.
      if (typeof typeName !== "string" || !types.matches(typeCondition, typeName)) return true;
      const part = new Map<string, string>();
      if (!select(object, part, hasFailed)) return !(isNested && hasFailed(object));
      for (const [name, text] of part) add(into, name, text);
      return true;
    };
  }
  const name = getResponseName(selection);
  const read = reader(name);
  const select = selection.selections === undefined ? undefined : compileSelections(selection.selections, types, true);
  return (object, into, hasFailed) => {
    const value = read(object);
    if (value === undefined) return false;
    const text = select === undefined ? valueText(value) : pick(value, select, hasFailed);
    if (text === undefined) return false;
    add(into, name, text);
    return true;
  };
}

/** Two fragments may select different parts of one object: both are needed. */
function add(into: Map<string, string>, name: string, text: string): void {
  const existing = into.get(name);
  into.set(name, existing === undefined || existing === text ? text : JSON.stringify(joined(existing, text)));
}

function joined(existing: string, text: string): unknown {
  return joinValues(parseJson(existing), parseJson(text));
}

function joinValues(left: unknown, right: unknown): unknown {
  if (isJsonObject(left) && isJsonObject(right)) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    return Object.fromEntries(
      [...names].map((name) => [
        name,
        name in left && name in right ? joinValues(left[name], right[name]) : (left[name] ?? right[name]),
      ]),
    );
  }
  if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
    return left.map((item, index) => joinValues(item, right[index]));
  }
  return right;
}

/** @returns `undefined` where something failed that is selected */
function pick(value: unknown, select: Select, hasFailed: HasFailed): string | undefined {
  if (Array.isArray(value)) {
    const items = value.map((item) => pick(item, select, hasFailed));
    return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
  }
  if (!isJsonObject(value)) return valueText(value);
  const members = new Map<string, string>();
  if (select(value, members, hasFailed)) return textOf(members);
  return hasFailed(value) ? undefined : "null";
}

function textOf(members: ReadonlyMap<string, string>): string {
  let text = "";
  for (const [name, member] of members) text += `${text === "" ? "{" : ","}${stringText(name)}:${member}`;
  return text === "" ? "{}" : `${text}}`;
}

function valueText(value: unknown): string {
  if (typeof value === "string") return stringText(value);
  return JSON.stringify(value) ?? "null";
}
