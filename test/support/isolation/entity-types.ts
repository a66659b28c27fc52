// The entities that a subgraph resolves by id, read from its SDL.
import type { DocumentNode, ObjectTypeDefinitionNode, TypeNode } from "graphql";

export interface EntityType {
  readonly type: string;
  /** Prefix of its ids. */
  readonly kind: string;
  /** Its fields, those that need a value apart, as a selection; objects by `__typename`. */
  readonly fields: string;
}

const PREFIXES: Readonly<Record<string, string>> = {
  User: "usr",
  Organization: "org",
  Membership: "mem",
  Role: "rol",
  Invitation: "ivt",
  Session: "ses",
  ApiKey: "key",
  Saga: "sga",
  Plan: "pln",
  BillingAccount: "acc",
  BillingSubscription: "sub",
  Invoice: "inv",
  Payment: "pay",
  PaymentMethod: "pm",
  CreditNote: "cn",
  AuditEntry: "aud",
  DeadLetter: "dlt",
  JobRun: "job",
};

/** @throws Error for an entity whose id prefix is not known here */
export function resolvableEntities(document: DocumentNode): EntityType[] {
  const objects = document.definitions.filter((node) => node.kind === "ObjectTypeDefinition");
  const objectNames = new Set(
    document.definitions.flatMap((node) =>
      node.kind === "ObjectTypeDefinition" || node.kind === "InterfaceTypeDefinition" ? [node.name.value] : [],
    ),
  );
  return objects.filter(isResolvable).map((node) => {
    const type = node.name.value;
    const kind = PREFIXES[type];
    if (kind === undefined) throw new Error(`teach test/support/isolation/entity-types.ts the id prefix of ${type}`);
    return {
      type,
      kind,
      fields: fieldsOf(node)
        .map((field) => selectionOf(field, objectNames))
        .join(" "),
    };
  });
}

function isResolvable(node: ObjectTypeDefinitionNode): boolean {
  const keys = node.directives?.filter(({ name }) => name.value === "key") ?? [];
  return keys.some(
    ({ arguments: given }) =>
      !given?.some(({ name, value }) => name.value === "resolvable" && value.kind === "BooleanValue" && !value.value),
  );
}

/** Fields that can be asked without a value of one's own; a page's size is given to those that need one. */
function fieldsOf(node: ObjectTypeDefinitionNode) {
  return (node.fields ?? []).filter(
    ({ arguments: args }) =>
      !args?.some(({ name, type, defaultValue }) => {
        return name.value !== "first" && type.kind === "NonNullType" && defaultValue === undefined;
      }),
  );
}

function selectionOf(
  field: NonNullable<ObjectTypeDefinitionNode["fields"]>[number],
  objectNames: ReadonlySet<string>,
): string {
  const page = field.arguments?.some(({ name }) => name.value === "first") ? "(first: 3)" : "";
  const type = namedType(field.type);
  // A foreign object's list may be empty instead of null: its total tells it from the own one.
  const within = type.endsWith("Connection") ? " { __typename totalCount }" : " { __typename }";
  return `${field.name.value}${page}${objectNames.has(type) ? within : ""}`;
}

function namedType(type: TypeNode): string {
  return type.kind === "NamedType" ? type.name.value : namedType(type.type);
}
