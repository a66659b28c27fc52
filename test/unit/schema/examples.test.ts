// The operations that the explorers start with: valid, and complete where they show events.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  buildSchema,
  type FieldNode,
  type GraphQLUnionType,
  getNamedType,
  isUnionType,
  Kind,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { expect, test } from "vitest";
import { EXAMPLES_FOLDER, readExamples } from "../../../gateway/http/examples.ts";

const schema = buildSchema(readFileSync(join(EXAMPLES_FOLDER, "../generated/api.graphql"), "utf8"));
const names = readdirSync(EXAMPLES_FOLDER).sort();
const documentOf = (name: string) => parse(readFileSync(join(EXAMPLES_FOLDER, name), "utf8"));

/** Members of the unions that a document selects on without saying anything of theirs. */
function membersMissingIn(name: string): string[] {
  const info = new TypeInfo(schema);
  const missing: string[] = [];
  visit(
    documentOf(name),
    visitWithTypeInfo(info, {
      Field(node) {
        const type = info.getType();
        const named = type == null ? undefined : getNamedType(type);
        if (isUnionType(named)) missing.push(...membersLeftOut(node, named));
      },
    }),
  );
  return missing;
}

function membersLeftOut(node: FieldNode, union: GraphQLUnionType): string[] {
  const shown = new Set(
    (node.selectionSet?.selections ?? []).flatMap((selection) =>
      selection.kind === Kind.INLINE_FRAGMENT ? [selection.typeCondition?.name.value] : [],
    ),
  );
  return union
    .getTypes()
    .map((type) => type.name)
    .filter((member) => !shown.has(member));
}

test("all examples together are one valid document", async () => {
  expect(validate(schema, parse(await readExamples(EXAMPLES_FOLDER)))).toEqual([]);
});

test.each(names)("%s shows every member of the unions that it selects on", (name) => {
  expect(membersMissingIn(name)).toEqual([]);
});

test("every live field has an example", () => {
  const followed = names.flatMap((name) =>
    documentOf(name).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === "subscription"
        ? definition.selectionSet.selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []))
        : [],
    ),
  );
  expect(followed.sort()).toEqual(Object.keys(schema.getSubscriptionType()?.getFields() ?? {}).sort());
});
