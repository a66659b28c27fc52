/**
 * Which fields answer everybody alike, as the supergraph declares it with `@public` of https://tributary.dev/access.
 */
import { rootSelections } from "../engine/root-fields.ts";
import type { SchemaSource } from "../ports.ts";
import type { CostedOperation } from "./document-cost.ts";
import { directiveOfFields } from "./linked-directives.ts";

const SPECIFICATION = "https://tributary.dev/access/";

export interface PublicFields {
  /** Whether an operation asks for nothing else. */
  coverAll(operation: Pick<CostedOperation, "schema" | "document" | "operation">): boolean;
}

export function createPublicFields(source: SchemaSource): PublicFields {
  const read = () => directiveOfFields(source.current().supergraphSdl, SPECIFICATION, "public");
  let fields = read();
  source.onChange(() => {
    fields = read();
  });
  return {
    coverAll({ schema, document, operation }) {
      const type = schema.getRootType(operation.operation);
      // Whatever the conditions are: what is not asked for this time makes no secret public.
      const selections = rootSelections(document, operation, () => true);
      const names = [...selections.values()].flat().map(({ name }) => `${type?.name}.${name.value}`);
      return names.length > 0 && names.every((coordinate) => fields.has(coordinate));
    },
  };
}
