import { type ASTNode, type ConstDirectiveNode, valueFromASTUntyped } from "graphql";

interface WithDirectives {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

/** Arguments of each use of a directive on a definition, as plain values; a non-repeatable one gives zero or one. */
export const directiveArguments = (
  node: (ASTNode & WithDirectives) | null | undefined,
  name: string,
): Readonly<Record<string, unknown>>[] =>
  (node?.directives ?? [])
    .filter((directive) => directive.name.value === name)
    .map((directive) =>
      Object.fromEntries((directive.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)])),
    );
