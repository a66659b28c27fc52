/**
 * Reads the live fields of a supergraph from its `@live` and `@liveEvent` directives, under whatever names a subgraph
 * imported them. A field with a problem is left out and reported by name: it must not take the others down.
 */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type TypeNode,
  valueFromASTUntyped,
} from "graphql";

const LIVE_SPEC = "https://tributary.dev/live/";

/** An event passes when the list argument is absent or contains the value at `path` (`type`, `subject`, `data.<name>`). */
export interface LiveFilter {
  readonly argument: string;
  readonly path: string;
}

/** One field of the root type `Subscription` that the gateway answers from the event log. */
export interface LiveField {
  readonly name: string;
  readonly topic: string;
  /** The argument that names the stream; absent or null: the viewer's own stream. */
  readonly keyArgument: string;
  /** What the viewer must hold in the organisation that the argument names. */
  readonly permission: string;
  readonly filters: readonly LiveFilter[];
  /** Who may share an enriched event: one session, or all members with the same permissions. */
  readonly scope: "VIEWER" | "ORGANIZATION";
  /** The virtual subgraph that the planner fetches the field from. */
  readonly serviceName: string;
  /** The type the field returns. */
  readonly messageType: string;
  /** Event type → payload type. An event of another type is none of this field's. */
  readonly payloads: ReadonlyMap<string, string>;
  /** Types that the virtual subgraph knows by key only. */
  readonly entities: ReadonlySet<string>;
}

export interface LiveSchema {
  readonly fields: ReadonlyMap<string, LiveField>;
  /** One line per problem, naming the field. */
  readonly problems: readonly string[];
}

type Arguments = Readonly<Record<string, unknown>>;

const FILTER_PATH = /^(type|subject|data\.\w+)$/;

export function readLiveSchema(supergraphSdl: string): LiveSchema {
  const document = parse(supergraphSdl, { noLocation: true });
  const names = directiveNames(document);
  const types = objectTypes(document);
  const services = serviceNames(document);
  const fields = new Map<string, LiveField>();
  const problems: string[] = [];
  const root = types.get(subscriptionTypeName(document));
  const rootGraphs = argumentsOf(root?.directives, "join__type").map(({ graph }) => String(graph));
  for (const node of root?.fields ?? []) {
    const live = argumentsOf(node.directives, names.live)[0];
    if (live === undefined) continue;
    const found: string[] = [];
    const field = readField(node, live, { document, names, types, services, rootGraphs }, found);
    if (found.length === 0) fields.set(field.name, field);
    problems.push(...found.map((problem) => `Subscription.${node.name.value}: ${problem}`));
  }
  return { fields, problems };
}

interface Source {
  readonly document: DocumentNode;
  readonly names: { readonly live: string; readonly liveEvent: string };
  readonly types: ReadonlyMap<string, ObjectTypeDefinitionNode>;
  readonly services: ReadonlyMap<string, string>;
  /** Subgraphs of the root type. */
  readonly rootGraphs: readonly string[];
}

function readField(node: FieldDefinitionNode, live: Arguments, source: Source, problems: string[]): LiveField {
  const text = (name: string): string => {
    const value = live[name];
    if (typeof value === "string" && value.trim() !== "") return value;
    problems.push(`@live(${name}:) is empty`);
    return "";
  };
  const [topic, keyArgument, permission] = [text("topic"), text("keyArgument"), text("permission")];
  const scope = live["scope"] ?? "VIEWER";
  if (scope !== "VIEWER" && scope !== "ORGANIZATION") problems.push("the scope is neither VIEWER nor ORGANIZATION");
  const argument = (name: string) => node.arguments?.find((candidate) => candidate.name.value === name);
  if (keyArgument !== "" && argument(keyArgument) === undefined) {
    problems.push(`there is no argument ${keyArgument} (keyArgument)`);
  }
  const filters = readFilters(live["filters"], problems);
  for (const filter of filters) {
    if (!isList(argument(filter.argument)?.type)) {
      problems.push(`the filter argument ${filter.argument} is not a list argument of the field`);
    }
  }
  const joined = argumentsOf(node.directives, "join__field").map(({ graph: name }) => String(name));
  // A field without a graph of its own comes from wherever its type does.
  const [graph, ...others] = joined.length > 0 ? joined : source.rootGraphs;
  const serviceName = graph === undefined ? undefined : source.services.get(graph);
  if (serviceName === undefined || others.length > 0) problems.push("it must come from exactly one subgraph");
  const messageType = namedType(node.type);
  return {
    name: node.name.value,
    topic,
    keyArgument,
    permission,
    filters,
    scope: scope === "ORGANIZATION" ? scope : "VIEWER",
    serviceName: serviceName ?? "",
    messageType,
    payloads: readPayloads(messageType, source, problems),
    entities: entitiesOf(source.types, graph),
  };
}

function readFilters(value: unknown, problems: string[]): LiveFilter[] {
  const filters: LiveFilter[] = [];
  for (const item of Array.isArray(value) ? value : []) {
    const { argument, path }: Arguments = Object(item);
    if (typeof argument === "string" && typeof path === "string" && FILTER_PATH.test(path)) {
      filters.push({ argument, path });
    } else {
      problems.push(`the filter path ${String(path)} is none of type, subject, data.<name>`);
    }
  }
  return filters;
}

function readPayloads(messageType: string, source: Source, problems: string[]): Map<string, string> {
  const payloads = new Map<string, string>();
  const message = source.types.get(messageType);
  const event = message?.fields?.find(({ name }) => name.value === "event");
  if (event === undefined) {
    problems.push(`its type ${messageType} has no field event`);
    return payloads;
  }
  for (const member of membersOf(source.document, namedType(event.type))) {
    const events = argumentsOf(source.types.get(member)?.directives, source.names.liveEvent).flatMap(({ types }) =>
      Array.isArray(types) ? types.map(String) : [],
    );
    if (events.length === 0) problems.push(`${member} has no @liveEvent: no event would ever be of this type`);
    for (const type of events) {
      if (payloads.has(type)) problems.push(`${type} stands for two payload types`);
      payloads.set(type, member);
    }
  }
  return payloads;
}

/** The members of a union; an object type stands for itself. */
function membersOf(document: DocumentNode, type: string): readonly string[] {
  for (const node of document.definitions) {
    if (node.kind === Kind.UNION_TYPE_DEFINITION && node.name.value === type) {
      return (node.types ?? []).map(({ name }) => name.value);
    }
  }
  return [type];
}

function entitiesOf(types: Source["types"], graph: string | undefined): Set<string> {
  const isEntity = (node: ObjectTypeDefinitionNode) =>
    argumentsOf(node.directives, "join__type").some((join) => join["graph"] === graph && join["key"] !== undefined);
  return new Set([...types.values()].filter(isEntity).map(({ name }) => name.value));
}

/** What `@live` and `@liveEvent` are called here: `@link` may rename them or give them a prefix. */
function directiveNames(document: DocumentNode): Source["names"] {
  const schema = document.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const link = argumentsOf(schema?.directives, "link").find(({ url }) => String(url).startsWith(LIVE_SPEC));
  const prefix = typeof link?.["as"] === "string" ? link["as"] : "live";
  const imports = Array.isArray(link?.["import"]) ? link["import"] : [];
  const nameOf = (directive: string): string => {
    for (const item of imports) {
      const { name, as }: Arguments = typeof item === "string" ? { name: item } : Object(item);
      if (name === `@${directive}`) return (typeof as === "string" ? as : `@${directive}`).slice(1);
    }
    // The directive named like its specification carries the bare prefix.
    return directive === "live" ? prefix : `${prefix}__${directive}`;
  };
  return { live: nameOf("live"), liveEvent: nameOf("liveEvent") };
}

function serviceNames(document: DocumentNode): Map<string, string> {
  const names = new Map<string, string>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== "join__Graph") continue;
    for (const value of node.values ?? []) {
      const name = argumentsOf(value.directives, "join__graph")[0]?.["name"];
      if (typeof name === "string") names.set(value.name.value, name);
    }
  }
  return names;
}

function subscriptionTypeName(document: DocumentNode): string {
  const schema = document.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const root = schema?.operationTypes.find(({ operation }) => operation === "subscription");
  return root?.type.name.value ?? "Subscription";
}

function objectTypes(document: DocumentNode): Map<string, ObjectTypeDefinitionNode> {
  const nodes = document.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  return new Map(nodes.map((node) => [node.name.value, node]));
}

function argumentsOf(directives: readonly ConstDirectiveNode[] | undefined, name: string): Arguments[] {
  return (directives ?? [])
    .filter((directive) => directive.name.value === name)
    .map((directive) =>
      Object.fromEntries((directive.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)])),
    );
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function isList(type: TypeNode | undefined): boolean {
  if (type === undefined || type.kind === Kind.NAMED_TYPE) return false;
  return type.kind === Kind.LIST_TYPE || isList(type.type);
}
