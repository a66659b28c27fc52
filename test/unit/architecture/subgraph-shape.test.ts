// Every subgraph has the rooms that CONTRIBUTING.md shows ("A subgraph's shape"), and what stands in them is what they
// are for.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../../subgraphs");

/** Files that every subgraph has. */
const FILES = ["index", "services", "context", "policies", "loaders", "consumers", "domain-events"];
/** Files that one may have, beside process entries. */
const OPTIONAL_FILES = ["create-services", "errors", "main", "subgraph", "subgraph-name", "demo"];
/** Folders that every subgraph has; others are rooms of its own. */
const FOLDERS = ["commands", "domain", "resolvers", "store"];
/** Names that say nothing of what is in a room. */
const NAMELESS = /^(utils?|helpers?|common|misc|shared|lib|types|models?)$/;
/** More commands than this stand in folders, one per aggregate. */
const MAX_COMMANDS = 12;

const subgraphs = readdirSync(ROOT, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

interface Source {
  /** From the subgraph's folder. */
  readonly path: string;
  readonly text: string;
}

function sourcesOf(subgraph: string, under = ""): readonly Source[] {
  return readdirSync(join(ROOT, subgraph, under), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(under, name))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, subgraph, path), "utf8") }));
}

/** Names that a module exports, types not among them. */
function exportedValues(text: string): string[] {
  const declarations = text.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm);
  return [...declarations].map(([, name]) => name ?? "");
}

const camelCase = (name: string) => name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const kebabCase = (name: string) => name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

test("there are subgraphs to look at", () => {
  expect(subgraphs).toEqual(expect.arrayContaining(["audit", "billing", "user"]));
});

describe.for(subgraphs)("the subgraph %s", (subgraph) => {
  const entries = readdirSync(join(ROOT, subgraph), { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => basename(name, ".ts"));
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

  test("has the files and folders of every subgraph, and beside them rooms with names", () => {
    expect(files).toEqual(expect.arrayContaining(FILES));
    const others = files.filter((name) => ![...FILES, ...OPTIONAL_FILES].includes(name) && !name.endsWith("-main"));
    expect(others, "files that belong to a room").toEqual([]);
    expect(folders).toEqual(expect.arrayContaining(FOLDERS));
    expect(folders.filter((name) => NAMELESS.test(name))).toEqual([]);
  });

  test("has commands that are one function each, named like their file", () => {
    const commands = sourcesOf(subgraph, "commands");
    for (const { path, text } of commands) {
      expect([path, exportedValues(text)]).toEqual([path, [camelCase(basename(path, ".ts"))]]);
    }
    const perFolder = Map.groupBy(commands, ({ path }) => dirname(path));
    for (const [folder, inside] of perFolder) {
      expect(inside.length, `${folder}: one folder per aggregate`).toBeLessThanOrEqual(MAX_COMMANDS);
    }
  });

  test("asks its database in the store, in functions that are given their transaction", () => {
    for (const { path, text } of sourcesOf(subgraph)) {
      if (!path.startsWith("store/")) expect([path, text.match(/\$(query|execute)Raw\w*/g)]).toEqual([path, null]);
    }
    const names = sourcesOf(subgraph, "store").map(({ path }) => basename(path));
    expect(names).toEqual(expect.arrayContaining(["database.ts", "tables.ts"]));
    for (const { path, text } of sourcesOf(subgraph, "store")) {
      if (path === "store/database.ts") continue;
      const statements = text.matchAll(/^export async function\*? (\w+)\(\s*(\w+): (\w+)/gm);
      for (const [, name, parameter, type] of statements) {
        expect([path, name, parameter, type]).toEqual([path, name, "tx", expect.stringMatching(/Transaction$/)]);
      }
    }
  });

  test("has a domain that knows neither store nor services", () => {
    for (const { path, text } of sourcesOf(subgraph, "domain")) {
      const imports = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, specifier]) => specifier ?? "");
      const strange = imports.filter((specifier) => !/^(\.\/|\.\.\/\.\.\/\.\.\/(platform|schema)\/)/.test(specifier));
      expect([path, strange]).toEqual([path, []]);
    }
  });

  test("has resolvers in files that are named like their type", () => {
    for (const { path, text } of sourcesOf(subgraph, "resolvers")) {
      const [, type] = /: ResolversOf<"(\w+)"/.exec(text) ?? [];
      if (type !== undefined) expect(path).toBe(`resolvers/${kebabCase(type)}.ts`);
    }
  });
});

test("each kind of id has a prefix of its own [S23]", () => {
  const ours = subgraphs.flatMap((name) => sourcesOf(name).map(({ text }) => text));
  const platform = readFileSync(join(ROOT, "../platform/auth/principal-ids.ts"), "utf8");
  const prefixes = [...[platform, ...ours].join("\n").matchAll(/idKind\("(\w+)"\)/g)].map(([, prefix]) => prefix);
  expect(prefixes.length).toBeGreaterThan(10);
  expect(prefixes.filter((prefix, at) => prefixes.indexOf(prefix) !== at)).toEqual([]);
});
