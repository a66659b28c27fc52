/**
 * Reads the live fields of a supergraph from its `@live`, `@liveEvent` and `@liveSnapshot` directives, under whatever
 * names a subgraph imported them. A field with a problem is left out and reported by name: it must not take the others
 * down.
 */
import { type DocumentNode, type FieldDefinitionNode, Kind, type ObjectTypeDefinitionNode, parse } from "graphql";
import {
  argumentsOf,
  type DirectiveArguments,
  isList,
  namedType,
  objectTypes,
  serviceNames,
  subscriptionTypeName,
} from "./supergraph-sdl.ts";

const LIVE_SPEC = "https://tributary.dev/live/";

/**
 * An event passes when the list argument is absent or contains the value at `path` (`type`, `subject`, `data.<name>`).
 */
export interface LiveFilter {
  readonly argument: string;
  readonly path: string;
}

/** What a subscription of a field may begin with. */
export interface LiveSnapshot {
  /** Member of the field's union. */
  readonly type: string;
  /** Its field that refers to the stream's key … */
  readonly key: string;
  /** … and the one that refers to the viewer, when the stream is their own. */
  readonly own?: string;
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
  readonly snapshot?: LiveSnapshot;
  /**
   * Event path: of events with the same value there, a reader who does not keep up gets the newest. Absent: every one,
   * or an end.
   */
  readonly latestBy?: string;
  /** Types that the virtual subgraph knows by key only. */
  readonly entities: ReadonlySet<string>;
}

export interface LiveSchema {
  readonly fields: ReadonlyMap<string, LiveField>;
  /** One line per problem, naming the field. */
  readonly problems: readonly string[];
}

export const NOTHING_LIVE: LiveSchema = { fields: new Map(), problems: [] };

type LiveDirective = "live" | "liveEvent" | "liveSnapshot";

const EVENT_PATH = /^(type|subject|data\.\w+)$/;

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
  readonly names: Readonly<Record<LiveDirective, string>>;
  readonly types: ReadonlyMap<string, ObjectTypeDefinitionNode>;
  readonly services: ReadonlyMap<string, string>;
  /** Subgraphs of the root type. */
  readonly rootGraphs: readonly string[];
}

function readField(node: FieldDefinitionNode, live: DirectiveArguments, source: Source, problems: string[]): LiveField {
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
  const entities = entitiesOf(source.types, graph);
  const members = membersOf(source, messageType, problems);
  checkRecordFields([messageType, ...members], { types: source.types, graph, entities }, problems);
  const snapshot = readSnapshot(members, { source, entities }, problems);
  checkSnapshotArgument(argument("snapshot") !== undefined, snapshot, problems);
  if (snapshot !== undefined && snapshot.own === undefined && argument(keyArgument)?.type.kind !== Kind.NON_NULL_TYPE) {
    problems.push(`${snapshot.type} has no @liveSnapshot(own:) for the viewer's own stream`);
  }
  const latestBy = readLatestBy(live, problems);
  return {
    name: node.name.value,
    topic,
    keyArgument,
    permission,
    filters,
    scope: scope === "ORGANIZATION" ? scope : "VIEWER",
    serviceName: serviceName ?? "",
    messageType,
    payloads: readPayloads(members, source, problems),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(latestBy === undefined ? {} : { latestBy }),
    entities,
  };
}

interface RecordSource {
  readonly types: Source["types"];
  readonly graph: unknown;
  readonly entities: ReadonlySet<string>;
}

/** What is answered from the record alone takes no arguments: an event holds one value, whoever asks. */
function checkRecordFields(
  roots: readonly string[],
  { types, graph, entities }: RecordSource,
  problems: string[],
): void {
  const reached = new Set(roots);
  for (const typeName of reached) {
    for (const { name, type, directives, arguments: taken = [] } of types.get(typeName)?.fields ?? []) {
      const joined = argumentsOf(directives, "join__field");
      if (joined.length > 0 && !joined.some((join) => join["graph"] === graph)) continue;
      if (taken.length > 0) {
        problems.push(`${typeName}.${name.value} takes arguments, and an event holds one value for all of them`);
      }
      const inner = namedType(type);
      if (types.has(inner) && !entities.has(inner)) reached.add(inner);
    }
  }
}

function readFilters(value: unknown, problems: string[]): LiveFilter[] {
  const filters: LiveFilter[] = [];
  for (const item of Array.isArray(value) ? value : []) {
    const { argument, path }: DirectiveArguments = Object(item);
    if (typeof argument === "string" && typeof path === "string" && EVENT_PATH.test(path)) {
      filters.push({ argument, path });
    } else {
      problems.push(`the filter path ${String(path)} is none of type, subject, data.<name>`);
    }
  }
  return filters;
}

/** Event path of a field whose slow readers get the newest events only. */
function readLatestBy(live: DirectiveArguments, problems: string[]): string | undefined {
  const { slow = "REPLAY", latestBy = "subject" } = live;
  if (slow !== "REPLAY" && slow !== "LATEST") problems.push("slow is neither REPLAY nor LATEST");
  if (slow !== "LATEST") return undefined;
  if (typeof latestBy === "string" && EVENT_PATH.test(latestBy)) return latestBy;
  problems.push(`the path latestBy ${String(latestBy)} is none of type, subject, data.<name>`);
  return undefined;
}

function readPayloads(members: readonly string[], source: Source, problems: string[]): Map<string, string> {
  const payloads = new Map<string, string>();
  for (const member of members) {
    const node = source.types.get(member);
    const isSnapshot = argumentsOf(node?.directives, source.names.liveSnapshot).length > 0;
    const events = argumentsOf(node?.directives, source.names.liveEvent).flatMap(({ types }) =>
      Array.isArray(types) ? types.map(String) : [],
    );
    if (events.length > 0 && isSnapshot) problems.push(`${member} is marked both @liveEvent and @liveSnapshot`);
    if (events.length === 0 && !isSnapshot) {
      problems.push(`${member} has no @liveEvent: no event would ever be of this type`);
    }
    for (const type of events) {
      if (payloads.has(type)) problems.push(`${type} stands for two payload types`);
      payloads.set(type, member);
    }
  }
  return payloads;
}

interface SnapshotSource {
  readonly source: Source;
  readonly entities: ReadonlySet<string>;
}

function readSnapshot(
  members: readonly string[],
  { source, entities }: SnapshotSource,
  problems: string[],
): LiveSnapshot | undefined {
  const found = members.flatMap((type) =>
    argumentsOf(source.types.get(type)?.directives, source.names.liveSnapshot).map((args) => ({ type, args })),
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const { type, args } = first;
  if (found.length > 1)
    problems.push(`several types are marked @liveSnapshot: ${found.map((it) => it.type).join(", ")}`);
  const reference = (name: string): string | undefined => {
    const value = args[name];
    if (value === undefined || value === null) return undefined;
    const field = source.types.get(type)?.fields?.find((candidate) => candidate.name.value === value);
    if (field === undefined || !entities.has(namedType(field.type))) {
      problems.push(`${type} has no field ${String(value)} of an entity (@liveSnapshot(${name}:))`);
    }
    return String(value);
  };
  const [key, own] = [reference("key"), reference("own")];
  if (key === undefined) problems.push(`${type} has no @liveSnapshot(key:)`);
  return { type, key: key ?? "", ...(own === undefined ? {} : { own }) };
}

function checkSnapshotArgument(
  hasSnapshotArgument: boolean,
  snapshot: LiveSnapshot | undefined,
  problems: string[],
): void {
  if (hasSnapshotArgument && snapshot === undefined) {
    problems.push("it has the argument snapshot, but none of its types is marked @liveSnapshot");
  }
  if (!hasSnapshotArgument && snapshot !== undefined) {
    problems.push(`there is no argument snapshot: nobody could ask for ${snapshot.type}`);
  }
}

/** The types that the message's `event` may have; an object type stands for itself. */
function membersOf({ document, types }: Source, messageType: string, problems: string[]): readonly string[] {
  const event = types.get(messageType)?.fields?.find(({ name }) => name.value === "event");
  if (event === undefined) {
    problems.push(`its type ${messageType} has no field event`);
    return [];
  }
  const type = namedType(event.type);
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

/** What the directives are called here: `@link` may rename them or give them a prefix. */
function directiveNames(document: DocumentNode): Source["names"] {
  const schema = document.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const link = argumentsOf(schema?.directives, "link").find(({ url }) => String(url).startsWith(LIVE_SPEC));
  const prefix = typeof link?.["as"] === "string" ? link["as"] : "live";
  const imports = Array.isArray(link?.["import"]) ? link["import"] : [];
  const nameOf = (directive: LiveDirective): string => {
    for (const item of imports) {
      const { name, as }: DirectiveArguments = typeof item === "string" ? { name: item } : Object(item);
      if (name === `@${directive}`) return (typeof as === "string" ? as : `@${directive}`).slice(1);
    }
    // The directive named like its specification carries the bare prefix.
    return directive === "live" ? prefix : `${prefix}__${directive}`;
  };
  return { live: nameOf("live"), liveEvent: nameOf("liveEvent"), liveSnapshot: nameOf("liveSnapshot") };
}
