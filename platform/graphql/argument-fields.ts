/**
 * Where a value stands among an operation's arguments, as `userErrors` name input fields: the argument, then fields of
 * inputs and places in lists, e.g. `["input", "roleIds", "0"]`. So a client shows every refusal of a value beside the
 * same form field, however the value was sent.
 */
import { type ASTNode, Kind, type ValueNode, visit } from "graphql";

export type FieldPath = readonly string[];

/** @param nodes an operation, then the fragments. @returns the first place of each variable */
export function variableFields(nodes: readonly ASTNode[]): ReadonlyMap<string, FieldPath> {
  const fields = new Map<string, FieldPath>();
  walkArguments(nodes, (value, path) => {
    if (value.kind === Kind.VARIABLE && !fields.has(value.name.value)) fields.set(value.name.value, [...path]);
  });
  return fields;
}

/** @returns undefined where no value of an argument stands at this place of the text */
export function fieldAt(document: ASTNode, { start, end }: { start: number; end: number }): FieldPath | undefined {
  let found: FieldPath | undefined;
  walkArguments([document], (value, path) => {
    if (value.loc?.start === start && value.loc.end === end) found ??= [...path];
  });
  return found;
}

function walkArguments(nodes: readonly ASTNode[], see: (value: ValueNode, path: FieldPath) => void): void {
  const path: string[] = [];
  function into(value: ValueNode): void {
    see(value, path);
    if (value.kind === Kind.OBJECT) for (const { name, value: member } of value.fields) below(name.value, member);
    if (value.kind === Kind.LIST) for (const [index, item] of value.values.entries()) below(String(index), item);
  }
  function below(name: string, value: ValueNode): void {
    path.push(name);
    into(value);
    path.pop();
  }
  for (const node of nodes) {
    visit(node, {
      Argument: {
        enter({ name, value }) {
          below(name.value, value);
          return false;
        },
      },
    });
  }
}
