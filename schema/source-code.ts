/**
 * Our own modules as a syntax tree, as far as checks look at them: what a module declares, and what it imports from us.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "vite";

/** A node of the ESTree with TypeScript's additions (https://github.com/estree/estree). */
export interface SyntaxNode {
  readonly type: string;
  readonly [member: string]: unknown;
}

export interface ImportedName {
  readonly file: string;
  readonly name: string;
}

export interface SourceModule {
  readonly file: string;
  readonly body: readonly SyntaxNode[];
  /** Top-level functions, classes and variables by name. */
  readonly declarations: ReadonlyMap<string, SyntaxNode>;
  /** Values imported by relative paths, by their local names; types and namespaces are left out. */
  readonly imports: ReadonlyMap<string, ImportedName>;
}

export const isSyntaxNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

/** Nodes among the values of a member that may hold one, several or none. */
export const nodesIn = (value: unknown): SyntaxNode[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => isSyntaxNode(item));

/** The node and everything below it, outermost first. */
export function* descendants(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const value of Object.values(node)) for (const child of nodesIn(value)) yield* descendants(child);
}

/** The name of an identifier, or of a string in the place of one; `undefined` for anything else. */
export const nameOf = (node: unknown): string | undefined => {
  if (!isSyntaxNode(node)) return undefined;
  const name = node.type === "Identifier" ? node["name"] : node.type === "Literal" ? node["value"] : undefined;
  return typeof name === "string" ? name : undefined;
};

/** @returns a function that reads each file once; `undefined` for a file that is not there */
export const createModuleReader = (): ((file: string) => SourceModule | undefined) => {
  const modules = new Map<string, SourceModule | undefined>();
  return (file) => {
    if (!modules.has(file)) modules.set(file, existsSync(file) ? readModule(file) : undefined);
    return modules.get(file);
  };
};

/** @throws Error for a file that does not parse */
const readModule = (file: string): SourceModule => {
  const { program, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const body = nodesIn(program.body);
  return {
    file,
    body,
    declarations: new Map(body.flatMap(declarationsOf)),
    imports: new Map(body.flatMap((node) => importsOf(node, dirname(file)))),
  };
};

const declarationsOf = (node: SyntaxNode): [string, SyntaxNode][] => {
  if (node.type === "ExportNamedDeclaration") return nodesIn(node["declaration"]).flatMap(declarationsOf);
  const declared = node.type === "VariableDeclaration" ? nodesIn(node["declarations"]) : [node];
  return declared.flatMap((declaration) => {
    const name = nameOf(declaration["id"]);
    return name === undefined ? [] : [[name, declaration]];
  });
};

const importsOf = (node: SyntaxNode, folder: string): [string, ImportedName][] => {
  const from = nameOf(node["source"]);
  if (node.type !== "ImportDeclaration" || node["importKind"] === "type" || !from?.startsWith(".")) return [];
  return nodesIn(node["specifiers"]).flatMap((specifier) => {
    const name = nameOf(specifier["imported"]);
    const local = nameOf(specifier["local"]);
    if (name === undefined || local === undefined || specifier["importKind"] === "type") return [];
    return [[local, { file: join(folder, from), name }]];
  });
};
