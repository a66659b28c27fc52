// Supergraphs by chance: entities whose fields belong to different subgraphs and require each other in chains, with
// arguments, through other entities, beside several keys and provided fields. Most compose; those that do not are
// passed over.
import { chanceOf } from "./chance.ts";

const ENTITIES = ["Alpha", "Beta", "Gamma"] as const;
const SUBGRAPHS = ["one", "two", "three", "four"] as const;
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@external", "@requires", "@provides"])`;

type Entity = (typeof ENTITIES)[number];
type Subgraph = (typeof SUBGRAPHS)[number];

interface Field {
  readonly entity: Entity;
  readonly name: string;
  /** As SDL: `String`, `[Beta!]`, `Size`. */
  readonly type: string;
  /** The entity that it leads to. */
  readonly target: Entity | undefined;
  readonly args: string;
  readonly owners: Subgraph[];
  requires: string | undefined;
  shareable: boolean;
}

/** SDL by subgraph. */
export function randomSupergraph(seed: number): Readonly<Record<string, string>> {
  const { chance, below, pick } = chanceOf(seed);

  const lines = new Map<string, Map<string, string>>();
  /** Notes a field of a type in a subgraph; whoever declares it first decides how. */
  function declare(subgraph: Subgraph, type: string, field: string, sdl: string): void {
    const key = `${subgraph} ${type}`;
    const fields = lines.get(key) ?? new Map<string, string>();
    if (!fields.has(field)) fields.set(field, sdl);
    lines.set(key, fields);
  }

  /** Subgraphs that have the value type. */
  const sized = new Set<Subgraph>();
  const keys = new Map<string, readonly string[]>();
  const hubs: [Subgraph, Entity][] = [];
  for (const entity of ENTITIES) {
    // Somebody knows all keys of an entity, so that each leads to the others.
    const hub = pick(SUBGRAPHS);
    for (const subgraph of SUBGRAPHS) {
      const kind = subgraph === hub ? 0.8 : below(100) / 100;
      if (subgraph === hub) hubs.push([hub, entity]);
      keys.set(
        `${subgraph} ${entity}`,
        kind < 0.7 ? ["id"] : kind < 0.85 ? ["id", "sku"] : kind < 0.95 ? ["id sku"] : ["sku"],
      );
    }
  }

  /** A subgraph that speaks of an entity knows its keys. */
  function know(subgraph: Subgraph, entity: Entity): void {
    for (const key of keys.get(`${subgraph} ${entity}`) ?? []) {
      for (const name of key.split(" ")) declare(subgraph, entity, name, `${name}: ID!`);
    }
  }

  for (const [subgraph, entity] of hubs) know(subgraph, entity);

  const fields: Field[] = [];
  for (let index = 0; index < 12; index += 1) {
    const entity = pick(ENTITIES);
    const owner = pick(SUBGRAPHS);
    const kind = below(100) / 100;
    const target = kind < 0.25 ? pick(ENTITIES) : undefined;
    const named = target ?? (kind < 0.35 ? "Size" : pick(["String", "Int", "ID", "Boolean"]));
    const list = chance(0.2) ? (inner: string) => `[${inner}${chance(0.5) ? "!" : ""}]` : (inner: string) => inner;
    const type = `${list(named)}${chance(0.15) ? "!" : ""}`;
    const args = chance(0.35) ? pick(["(a: Int)", '(a: Int = 1, b: String = "b")', "(a: [Int!])"]) : "";
    const field: Field = {
      entity,
      name: `f${index}`,
      type,
      target,
      args,
      owners: [owner],
      requires: undefined,
      shareable: false,
    };
    field.requires = chance(0.55) ? requirement(field) : undefined;
    if (field.requires === undefined && chance(0.2)) {
      const other = pick(SUBGRAPHS);
      if (other !== owner) {
        field.owners.push(other);
        field.shareable = true;
      }
    }
    fields.push(field);
  }

  /** Of fields that came before: so no field requires itself. */
  function requirement({ entity, owners: [owner] }: Field): string | undefined {
    const candidates = fields.filter((other) => other.entity === entity && !other.owners.includes(owner as Subgraph));
    if (candidates.length === 0) return undefined;
    const count = 1 + below(2);
    const parts = new Map<string, string>();
    for (let index = 0; index < count; index += 1) {
      const chained = candidates.filter(({ requires }) => requires !== undefined);
      const other = pick(chained.length > 0 && chance(0.6) ? chained : candidates);
      const part = required(other, owner as Subgraph, 2);
      if (part !== undefined) parts.set(other.name, part);
    }
    return parts.size === 0 ? undefined : [...parts.values()].join(" ");
  }

  function required(field: Field, subgraph: Subgraph, depth: number): string | undefined {
    const call = `${field.name}${field.args !== "" && chance(0.7) ? `(a: ${field.args.includes("[") ? "[2]" : pick([1, 2, 3, 2147483647, -2147483648])})` : ""}`;
    if (field.target !== undefined) {
      const inner = fields.filter(
        (other) => other.entity === field.target && other.target === undefined && !other.owners.includes(subgraph),
      );
      if (inner.length === 0 && !chance(0.5)) return undefined;
      const chosen = inner.length > 0 && depth > 0 ? required(pick(inner), subgraph, depth - 1) : undefined;
      know(subgraph, field.target);
      know(subgraph, field.entity);
      declare(subgraph, field.entity, field.name, `${field.name}${field.args}: ${field.type} @external`);
      const [key = "id"] = keys.get(`${subgraph} ${field.target}`)?.[0]?.split(" ") ?? [];
      return `${call} { ${chosen ?? key} }`;
    }
    know(subgraph, field.entity);
    declare(subgraph, field.entity, field.name, `${field.name}${field.args}: ${field.type} @external`);
    if (field.type.includes("Size")) {
      sized.add(subgraph);
      return `${call} { ${pick(["width", "width height", "height"])} }`;
    }
    return call;
  }

  /** What an owner of the field tells of the entities that it leads to, although it is another's. */
  function provision({ target, owners }: Field): string {
    const provided = fields.find(
      (other) =>
        other.entity === target &&
        other.target === undefined &&
        other.args === "" &&
        other.requires === undefined &&
        !other.type.includes("Size") &&
        !other.owners.some((owner) => owners.includes(owner)),
    );
    const [owner] = owners;
    if (provided === undefined || owner === undefined || owners.length > 1 || !chance(0.5)) return "";
    provided.shareable = true;
    know(owner, provided.entity);
    declare(owner, provided.entity, provided.name, `${provided.name}: ${provided.type} @external`);
    return ` @provides(fields: "${provided.name}")`;
  }

  const provisions = new Map(fields.map((field) => [field, provision(field)]));
  for (const field of fields) {
    for (const owner of field.owners) {
      know(owner, field.entity);
      if (field.target !== undefined) know(owner, field.target);
      if (field.type.includes("Size")) sized.add(owner);
      const requires = field.requires === undefined ? "" : ` @requires(fields: ${JSON.stringify(field.requires)})`;
      const directives = `${requires}${field.shareable ? " @shareable" : ""}${provisions.get(field)}`;
      declare(owner, field.entity, field.name, `${field.name}${field.args}: ${field.type}${directives}`);
    }
  }

  for (const entity of ENTITIES) {
    const root = pick(SUBGRAPHS);
    know(root, entity);
    declare(root, "Query", `one${entity}`, `one${entity}(id: ID!): ${entity}`);
    const other = pick(SUBGRAPHS);
    know(other, entity);
    declare(other, "Query", `all${entity}`, `all${entity}: [${entity}]`);
  }

  return Object.fromEntries(
    SUBGRAPHS.flatMap((subgraph) => {
      const types = [...lines].filter(([key]) => key.startsWith(`${subgraph} `));
      if (types.length === 0) return [];
      const text = types.map(([key, own]) => {
        const type = key.slice(subgraph.length + 1);
        const isHub = hubs.some(([hub, entity]) => hub === subgraph && entity === type);
        // Whoever only speaks of an entity need not resolve it.
        const speaks = [...own.values()].every((line) => line.endsWith(": ID!") || line.includes("@external"));
        const unresolved = speaks && type !== "Query" && !isHub && seed % 2 === 0 ? ", resolvable: false" : "";
        const directives = (keys.get(key) ?? []).map((fields) => ` @key(fields: "${fields}"${unresolved})`).join("");
        return `type ${type}${directives} { ${[...own.values()].join(" ")} }`;
      });
      const size = sized.has(subgraph) ? "type Size @shareable { width: Int height(unit: String): Int! }" : "";
      return [[subgraph, [LINK, ...text, size].join("\n")]];
    }),
  );
}
