/** The resolvers that a module holds, by the types of `schema/generated` that it declares them with. */
import { dirname } from "node:path";
import { isSyntaxNode, nameOf, nodesIn, type SourceModule, type SyntaxNode } from "./source-code.ts";

export interface ResolverCode {
  /** `billing`, from the import of `schema/generated/billing.ts`. */
  readonly subgraph: string;
  readonly type: string;
  /** A field, or `__resolveReference` and its like. */
  readonly field: string;
  readonly node: SyntaxNode;
  readonly module: SourceModule;
}

const GENERATED = /^(?:\.\.?\/)+schema\/generated\/([a-z]+)\.ts$/;

/**
 * Folder of the code that a subgraph's resolvers may call: the one around `resolvers/`, or that of the module itself.
 */
export const roomOf = ({ file }: SourceModule): string => dirname(file).replace(/\/resolvers$/, "");

export const resolversIn = (module: SourceModule): ResolverCode[] => {
  const subgraph = module.body
    .map((node) => (node.type === "ImportDeclaration" ? GENERATED.exec(nameOf(node["source"]) ?? "")?.[1] : undefined))
    .find((name) => name !== undefined);
  if (subgraph === undefined) return [];
  const found = (type: string, object: unknown) =>
    membersOf(object).map(([field, node]): ResolverCode => ({ subgraph, type, field, node, module }));
  return [...module.declarations.values()].flatMap((declaration) => {
    const [annotation, object] = annotated(declaration);
    const name = nameOf(annotation?.["typeName"]);
    if (name === "Resolvers") return membersOf(object).flatMap(([type, value]) => found(type, value));
    const parameters = annotation?.["typeArguments"];
    const [parameter] = isSyntaxNode(parameters) ? nodesIn(parameters["params"]) : [];
    const type = nameOf(parameter?.["literal"]);
    return name === "ResolversOf" && type !== undefined ? found(type, object) : [];
  });
};

/** The type that a variable is declared with (`const a: T = …`, `const a = … satisfies T`), and its value. */
const annotated = ({ id, init }: SyntaxNode): readonly [type: SyntaxNode | undefined, value: unknown] => {
  if (isSyntaxNode(init) && init.type === "TSSatisfiesExpression") {
    const { typeAnnotation, expression } = init;
    return [isSyntaxNode(typeAnnotation) ? typeAnnotation : undefined, expression];
  }
  const annotation = isSyntaxNode(id) ? id["typeAnnotation"] : undefined;
  const type = isSyntaxNode(annotation) ? annotation["typeAnnotation"] : undefined;
  return [isSyntaxNode(type) ? type : undefined, init];
};

const membersOf = (object: unknown): [string, SyntaxNode][] => {
  if (!isSyntaxNode(object) || object.type !== "ObjectExpression") return [];
  return nodesIn(object["properties"]).flatMap((property) => {
    const name = nameOf(property["key"]);
    return name === undefined || !isSyntaxNode(property["value"]) ? [] : [[name, property["value"]]];
  });
};
