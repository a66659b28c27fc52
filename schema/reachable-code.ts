/** What a piece of code does itself, and by what it calls within the room of its subgraph. */
import { roomOf } from "./resolver-code.ts";
import { descendants, nameOf, type SourceModule, type SyntaxNode } from "./source-code.ts";

export type ReadModule = (file: string) => SourceModule | undefined;

/**
 * The nodes of the code and of what it reaches by name; code that is reached in several ways comes once. What lies
 * outside the room knows nothing of the subgraph.
 */
export function* reachableNodes(node: SyntaxNode, module: SourceModule, read: ReadModule): Generator<SyntaxNode> {
  const room = roomOf(module);
  const seen = new Set<SyntaxNode>();

  function* walk(code: SyntaxNode, within: SourceModule): Generator<SyntaxNode> {
    if (seen.has(code)) return;
    seen.add(code);
    const members = new Set<unknown>();
    for (const part of descendants(code)) {
      yield part;
      // `a.b` names nothing that is declared as `b`. What holds a node comes before it.
      if (part.type === "MemberExpression" && part["computed"] !== true) members.add(part["property"]);
      const named = part.type === "Identifier" && !members.has(part) ? nameOf(part) : undefined;
      const called = named === undefined ? undefined : declarationOf(named, within);
      if (called !== undefined) yield* walk(called.node, called.module);
    }
  }

  function declarationOf(name: string, within: SourceModule) {
    const own = within.declarations.get(name);
    if (own !== undefined) return { node: own, module: within };
    const imported = within.imports.get(name);
    if (imported === undefined || !imported.file.startsWith(`${room}/`)) return undefined;
    const target = read(imported.file);
    const declared = target?.declarations.get(imported.name);
    return target === undefined || declared === undefined ? undefined : { node: declared, module: target };
  }

  yield* walk(node, module);
}
