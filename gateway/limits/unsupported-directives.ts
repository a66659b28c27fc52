/**
 * Refuses `@defer` and `@stream` (https://github.com/graphql/defer-stream-wg): the gateway sends each answer whole. A
 * schema may define them all the same. Passing over them would let a client wait for parts that never come.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  GraphQLError,
  getLocation,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

const UNSUPPORTED: ReadonlySet<string> = new Set(["defer", "stream"]);

/** @throws GraphQLError `DIRECTIVE_UNSUPPORTED` that names the first such directive, where it stands and its line */
export function refuseUnsupportedDirectives(document: DocumentNode): void {
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      look(definition.directives, () => `the ${definition.operation} ${definition.name?.value ?? ""}`.trimEnd());
      lookBelow(definition.selectionSet, "");
    } else if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      look(definition.directives, () => `the fragment ${definition.name.value}`);
      lookBelow(definition.selectionSet, ` in the fragment ${definition.name.value}`);
    }
  }
}

/** @param where what messages add about the selections, e.g. the fragment's name */
function lookBelow({ selections }: SelectionSetNode, where: string): void {
  for (const selection of selections) {
    look(selection.directives, () => `${described(selection)}${where}`);
    if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet !== undefined) {
      lookBelow(selection.selectionSet, where);
    }
  }
}

function look(directives: readonly DirectiveNode[] | undefined, place: () => string): void {
  for (const directive of directives ?? []) {
    if (!UNSUPPORTED.has(directive.name.value)) continue;
    const { loc } = directive;
    const line = loc === undefined ? "" : `, line ${getLocation(loc.source, loc.start).line}`;
    throw new GraphQLError(
      `@${directive.name.value} on ${place()}${line} is not supported: answers are sent whole. Take the directive out.`,
      { nodes: directive, extensions: { code: "DIRECTIVE_UNSUPPORTED", http: { status: 400 } } },
    );
  }
}

function described(selection: SelectionNode): string {
  switch (selection.kind) {
    case Kind.FIELD:
      return `the field ${selection.name.value}`;
    case Kind.FRAGMENT_SPREAD:
      return `the spread ...${selection.name.value}`;
    case Kind.INLINE_FRAGMENT:
      return selection.typeCondition === undefined
        ? "an inline fragment"
        : `an inline fragment on ${selection.typeCondition.name.value}`;
  }
}
