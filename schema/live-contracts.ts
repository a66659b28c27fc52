/**
 * Checks that the gateway can answer every live field from the event record alone: live SDL makes promises (types,
 * non-null) that only the event contracts can keep, and composition does not know them.
 */
import {
  buildASTSchema,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isUnionType,
  parse,
} from "graphql";
import { directiveArguments } from "./directives.ts";
import { isJsonSchema, type JsonSchema } from "./event-compatibility.ts";
import type { EventContracts } from "./event-contracts.ts";
import type { SubgraphSource } from "./sources.ts";

/** What the gateway fills in from the envelope, on the type that a live field returns. */
const messageFields: Readonly<Record<string, string>> = {
  sequence: "BigInt!",
  occurredAt: "DateTime!",
  eventId: "ID!",
  type: "String!",
  actor: "User",
};

/** JSON type in a contract of a scalar in SDL. */
const jsonTypes: Readonly<Record<string, string>> = { Int: "integer", Float: "number", Boolean: "boolean" };

const isEntity = (type: GraphQLObjectType): boolean => directiveArguments(type.astNode, "key").length > 0;

const typesOf = (schema: JsonSchema): readonly unknown[] => {
  const type = schema["type"];
  return Array.isArray(type) ? type : [type];
};

const checkValue = (type: GraphQLOutputType, schema: JsonSchema, path: string): string[] => {
  if (isNonNullType(type)) {
    const nullable = typesOf(schema).includes("null") ? [`${path} may be null in the contract`] : [];
    return [...nullable, ...checkValue(type.ofType, schema, path)];
  }
  const allowed = typesOf(schema).filter((name) => name !== "null");
  const expect = (json: string): string[] =>
    allowed.every((name) => name === json) ? [] : [`${path} is ${allowed.join(" or ")} in the contract, not ${json}`];
  if (isListType(type)) {
    const items = schema["items"];
    return [...expect("array"), ...(isJsonSchema(items) ? checkValue(type.ofType, items, `${path}[]`) : [])];
  }
  if (isScalarType(type)) return type.name === "JSON" ? [] : expect(jsonTypes[type.name] ?? "string");
  if (isEnumType(type)) return expect("string");
  if (!isObjectType(type)) return [`${path}: an interface or a union cannot be answered from an event`];
  return [
    ...expect("object"),
    ...Object.values(type.getFields()).flatMap((field) => checkProperty(field.name, field.type, schema, path)),
  ];
};

const checkProperty = (name: string, type: GraphQLOutputType, holder: JsonSchema, path: string): string[] => {
  const properties = holder["properties"];
  const schema = isJsonSchema(properties) ? properties[name] : undefined;
  const where = `${path}.${name}`;
  if (!isJsonSchema(schema)) return isNonNullType(type) ? [`${where} is not in the contract`] : [];
  const required = holder["required"];
  const certain = Array.isArray(required) && required.includes(name);
  const missing = isNonNullType(type) && !certain ? [`${where} is optional in the contract`] : [];
  return [...missing, ...checkValue(type, schema, where)];
};

const checkPayloadField = (field: GraphQLField<unknown, unknown>, contract: JsonSchema): string[] => {
  const named = getNamedType(field.type);
  if (!isObjectType(named) || !isEntity(named)) return checkProperty(field.name, field.type, contract, "data");
  if (field.name === "actor") {
    return isNonNullType(field.type) ? ["actor must be nullable: the system acts without one"] : [];
  }
  if (isListType(isNonNullType(field.type) ? field.type.ofType : field.type)) {
    return [`data.${field.name}: a list of entities cannot be answered from an event`];
  }
  const id = named.getFields()["id"];
  if (id === undefined) return [`${named.name} is referenced by something else than its id`];
  const idType = isNonNullType(field.type) || !isNonNullType(id.type) ? id.type : id.type.ofType;
  return checkProperty(`${field.name}Id`, idType, contract, "data");
};

const eventTypesOf = (type: GraphQLObjectType): string[] =>
  directiveArguments(type.astNode, "liveEvent")
    .flatMap(({ types }) => (Array.isArray(types) ? types : []))
    .map(String);

const holdsProperty = (contract: JsonSchema | undefined, name: string): boolean =>
  isJsonSchema(contract?.["properties"]) && name in contract["properties"];

const checkPayload = (type: GraphQLObjectType, topic: string, contracts: EventContracts): string[] => {
  const eventTypes = eventTypesOf(type);
  if (eventTypes.length === 0) return [`${type.name} has no @liveEvent: no event would ever be of this type`];
  const fields = Object.values(type.getFields());
  const perEvent = eventTypes.flatMap((eventType) => {
    const contract = contracts.get(eventType);
    if (contract === undefined) return [`${type.name}: there is no event contract ${eventType}`];
    const foreign = `${eventType.split(".")[0]}.events` === topic ? [] : [`${eventType} is not published to ${topic}`];
    const problems = [...foreign, ...fields.flatMap((field) => checkPayloadField(field, contract))];
    return problems.map((problem) => `${type.name}, answered from ${eventType}: ${problem}`);
  });
  const never = fields
    .filter(({ name }) => name !== "actor")
    .filter(({ name, type: fieldType }) => {
      const named = getNamedType(fieldType);
      const property = isObjectType(named) && isEntity(named) ? `${name}Id` : name;
      return !eventTypes.some((eventType) => holdsProperty(contracts.get(eventType), property));
    })
    .filter(({ type: fieldType }) => !isNonNullType(fieldType))
    .map(({ name }) => `${type.name}.${name}: none of its events holds it`);
  return [...perEvent, ...never];
};

const checkMessage = (message: GraphQLObjectType): string[] =>
  Object.values(message.getFields())
    .filter(({ name }) => name !== "event")
    .filter(({ name, type }) => messageFields[name] !== String(type))
    .map(({ name }) =>
      messageFields[name] === undefined
        ? `${message.name}.${name}: the envelope does not hold it (it holds ${Object.keys(messageFields).join(", ")})`
        : `${message.name}.${name} must be ${messageFields[name]}`,
    );

const checkFilters = (
  field: GraphQLField<unknown, unknown>,
  filters: unknown,
  payloads: readonly GraphQLObjectType[],
  contracts: EventContracts,
): string[] =>
  (Array.isArray(filters) ? filters : []).filter(isJsonSchema).flatMap(({ argument, path }) => {
    const isListArgument = field.args.some(({ name, type }) => name === argument && isListType(type));
    const property = /^data\.(\w+)$/.exec(String(path))?.[1];
    const answered =
      path === "type" ||
      path === "subject" ||
      (property !== undefined &&
        payloads.flatMap(eventTypesOf).some((eventType) => holdsProperty(contracts.get(eventType), property)));
    return [
      ...(isListArgument ? [] : [`the filter argument ${String(argument)} is not a list argument of the field`]),
      ...(answered ? [] : [`the filter path ${String(path)} is in none of its events`]),
    ];
  });

const repeated = (values: readonly string[]): string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

const isSnapshot = (type: GraphQLObjectType): boolean => directiveArguments(type.astNode, "liveSnapshot").length > 0;

/** A snapshot is answered from the stream's key alone. */
const checkSnapshot = (
  field: GraphQLField<unknown, unknown>,
  live: JsonSchema,
  types: readonly GraphQLObjectType[],
) => {
  const argument = field.args.find(({ name }) => name === "snapshot");
  const [type, ...others] = types;
  if (type === undefined) {
    return argument === undefined ? [] : ["has the argument snapshot, but no type marked @liveSnapshot"];
  }
  const [{ key, own } = {}] = directiveArguments(type.astNode, "liveSnapshot");
  const keyArgument = field.args.find(({ name }) => name === live["keyArgument"]);
  const references = [key, own].filter((name) => name !== undefined && name !== null);
  const missing = references.filter((name) => {
    const found = type.getFields()[String(name)];
    return !isObjectType(found?.type) || !isEntity(found.type);
  });
  return [
    ...others.map(({ name }) => `${name} is a second snapshot`),
    ...(String(argument?.type) === "Boolean" ? [] : ["there is no argument snapshot: Boolean"]),
    ...missing.map((name) => `${type.name} has no nullable field ${String(name)} of an entity`),
    ...Object.keys(type.getFields())
      .filter((name) => !references.includes(name))
      .map((name) => `${type.name}.${name}: nothing would ever stand here`),
    ...(references.length === 1 && keyArgument !== undefined && !isNonNullType(keyArgument.type)
      ? [`${type.name} has no @liveSnapshot(own:) for the viewer's own stream`]
      : []),
  ];
};

const checkSlow = (live: JsonSchema, payloads: readonly GraphQLObjectType[], contracts: EventContracts): string[] => {
  const { slow, latestBy = "subject" } = live;
  const property = /^data\.(\w+)$/.exec(String(latestBy))?.[1];
  const hasPath =
    latestBy === "type" ||
    latestBy === "subject" ||
    (property !== undefined &&
      payloads.flatMap(eventTypesOf).some((eventType) => holdsProperty(contracts.get(eventType), property)));
  return slow !== "LATEST" || hasPath ? [] : [`the path latestBy ${String(latestBy)} is in none of its events`];
};

/** What the messages of a live field may hold: snapshots, too. */
const payloadsOf = (field: GraphQLField<unknown, unknown>): readonly GraphQLObjectType[] => {
  const message = getNamedType(field.type);
  const event = isObjectType(message) ? message.getFields()["event"] : undefined;
  const payload = event === undefined ? undefined : getNamedType(event.type);
  if (isUnionType(payload)) return payload.getTypes();
  return isObjectType(payload) ? [payload] : [];
};

const checkLiveField = (field: GraphQLField<unknown, unknown>, contracts: EventContracts): string[] => {
  const [live] = directiveArguments(field.astNode, "live");
  if (live === undefined) return ["has no @live"];
  const topic = String(live["topic"]);
  const permission = live["permission"];
  const hasArgument = (argument: unknown): boolean => field.args.some(({ name }) => name === argument);
  const message = getNamedType(field.type);
  const members = payloadsOf(field);
  const payloads = members.filter((type) => !isSnapshot(type));
  return [
    /^[a-z]+\.events$/.test(topic) ? [] : [`the topic ${topic} is not <subgraph>.events`],
    typeof permission === "string" && permission.trim() !== "" ? [] : ["the permission is empty"],
    hasArgument(live["keyArgument"]) ? [] : [`there is no argument ${String(live["keyArgument"])} (keyArgument)`],
    hasArgument("after") ? [] : ["there is no argument after: clients could not resume"],
    payloads.length > 0 ? [] : ["its message has no field event of a payload type"],
    isObjectType(message) ? checkMessage(message) : [],
    checkFilters(field, live["filters"], payloads, contracts),
    checkSlow(live, payloads, contracts),
    checkSnapshot(field, live, members.filter(isSnapshot)),
    repeated(payloads.flatMap(eventTypesOf)).map((type) => `${type} stands for two payload types`),
    payloads.flatMap((payload) => checkPayload(payload, topic, contracts)),
  ].flat();
};

/** One line per promise of the live SDL that the event contracts do not keep. */
export const checkLiveContracts = (sources: readonly SubgraphSource[], contracts: EventContracts): string[] =>
  sources
    .filter(({ live }) => live)
    .flatMap(({ sdl }) => {
      const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true, assumeValid: true });
      const fields = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
      return [
        ...fields.flatMap((field) =>
          checkLiveField(field, contracts).map((problem) => `Subscription.${field.name}: ${problem}`),
        ),
        ...Object.values(schema.getTypeMap())
          .filter(isObjectType)
          .filter((type) => eventTypesOf(type).length > 0 && !fields.some((field) => payloadsOf(field).includes(type)))
          .map(({ name }) => `${name} has @liveEvent, but no live field answers it: add it to the union of its events`),
      ];
    });
