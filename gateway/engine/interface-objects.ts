/** Interfaces that some subgraph knows as objects: it cannot tell of which type an object of theirs is. */
import { type DirectiveNode, isInterfaceType, Kind } from "graphql";
import type { SchemaGeneration } from "../ports.ts";

const byGeneration = new WeakMap<SchemaGeneration, ReadonlySet<string>>();

/** Their names. */
export function interfaceObjectsOf(generation: SchemaGeneration): ReadonlySet<string> {
  const present = byGeneration.get(generation);
  if (present !== undefined) return present;
  const names = new Set(
    Object.values(generation.supergraphSchema.getTypeMap()).flatMap((type) =>
      isInterfaceType(type) && type.astNode?.directives?.some(isInterfaceObject) === true ? [type.name] : [],
    ),
  );
  byGeneration.set(generation, names);
  return names;
}

/** Source: join specification v0.3, `@join__type(graph:, isInterfaceObject: true)`. */
function isInterfaceObject({ name, arguments: given }: DirectiveNode): boolean {
  if (name.value !== "join__type") return false;
  const value = given?.find((argument) => argument.name.value === "isInterfaceObject")?.value;
  return value?.kind === Kind.BOOLEAN && value.value;
}
