// Values for every argument and input field of the schema, so that a call of any field can be made up. A type that is
// not known here stops the test: whoever adds one says what a harmless value of it is.
import { randomUUID } from "node:crypto";
import { type GraphQLInputType, isEnumType, isInputObjectType, isListType, isNonNullType, isScalarType } from "graphql";

/** Ids of one tenant by prefix: `org` → `org_…`. */
export type TenantIds = Readonly<Record<string, string>>;

/** Where an id is expected: `input.organizationId`, with the kind of id that belongs there. */
export interface IdPosition {
  readonly path: string;
  readonly kind: string;
}

/** Kinds that belong to nobody: every tenant may name them. */
export const PUBLIC_KINDS: ReadonlySet<string> = new Set(["pln"]);

/** Noun that a mutation's name begins with → prefix of its `id` argument; the same for root query fields. */
const KIND_BY_NOUN: Readonly<Record<string, string>> = {
  organization: "org",
  membership: "mem",
  session: "ses",
  invitation: "ivt",
  invoice: "inv",
  subscription: "sub",
  billingSubscription: "sub",
  billingAccount: "acc",
  payment: "pay",
  paymentMethod: "pm",
  auditEntry: "aud",
  deadLetter: "dlt",
  jobRun: "job",
  liveSubscription: "lsu",
  role: "rol",
  user: "usr",
  apiKey: "key",
  passkey: "psk",
  domain: "dom",
  saga: "sga",
};

/** Field name without `Id` / `Ids` → prefix. */
const KIND_BY_NAME: Readonly<Record<string, string>> = {
  organization: "org",
  account: "acc",
  plan: "pln",
  paymentMethod: "pm",
  role: "rol",
  actor: "usr",
  target: "inv",
  resource: "org",
  user: "usr",
  correlation: "usr",
};

/** What kind of id an argument or input field takes. @throws Error when its name does not tell */
function kindOf(fieldName: string, argumentName: string): string {
  const named = KIND_BY_NAME[argumentName.replace(/Ids?$/, "")];
  if (named !== undefined) return named;
  if (argumentName === "id" || argumentName === "ids") {
    if (fieldName === "node" || fieldName === "nodes") return "org";
    const noun = Object.keys(KIND_BY_NOUN)
      .sort((a, b) => b.length - a.length)
      .find((candidate) => fieldName === candidate || fieldName.startsWith(candidate));
    const kind = noun === undefined ? undefined : KIND_BY_NOUN[noun];
    if (kind !== undefined) return kind;
  }
  throw new Error(`teach test/support/isolation/sample-values.ts what id \`${fieldName}(${argumentName}:)\` takes`);
}

/** Texts that are not free, by the name of their field. */
const TEXTS: Readonly<Record<string, string>> = { providerToken: "tok_visa", country: "DE", meter: "events_per_month" };

export interface SampleOptions {
  readonly fieldName: string;
  /** The value for an id position; called for each. */
  readonly idAt: (position: IdPosition) => string;
}

/** A valid value for a type; `undefined` for an optional one that is no id and no input object with ids. */
export function sampleValue(type: GraphQLInputType, name: string, path: string, options: SampleOptions): unknown {
  const optional = !isNonNullType(type);
  const inner = isNonNullType(type) ? type.ofType : type;
  if (isListType(inner)) {
    const item = sampleValue(inner.ofType, name, path, options);
    return item === undefined ? undefined : [item];
  }
  if (isInputObjectType(inner)) {
    const fields = Object.values(inner.getFields()).map((field) => [
      field.name,
      sampleValue(field.type, field.name, `${path}.${field.name}`, options),
    ]);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }
  if (isScalarType(inner) && inner.name === "ID") return options.idAt({ path, kind: kindOf(options.fieldName, name) });
  if (isEnumType(inner)) return optional ? undefined : inner.getValues()[0]?.name;
  if (name === "idempotencyKey") return randomUUID();
  // The first page of a list: a list without a page is refused before anybody is asked.
  if (name === "first") return 1;
  if (optional) return undefined;
  switch (inner.toString()) {
    case "String":
      return TEXTS[name] ?? "Sample text";
    case "Int":
      return 1;
    case "Boolean":
      return true;
    case "BigInt":
      return "1";
    case "EmailAddress":
      return `sample.${randomUUID().slice(0, 8)}@example.com`;
    case "DateTime":
      return "2026-01-01T00:00:00.000Z";
    case "JSON":
      return {};
    case "CurrencyCode":
      return "EUR";
    default:
      throw new Error(`teach test/support/isolation/sample-values.ts a harmless ${inner.toString()}`);
  }
}
