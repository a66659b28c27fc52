import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { composeSupergraph } from "../../../schema/compose.ts";
import { withSharedDefinitions } from "../../../schema/shared-definitions.ts";

const folder = join(import.meta.dirname, "../../../schema");

const definedIn = (sdl: string): string[] =>
  parse(sdl).definitions.flatMap((node) =>
    node.kind.endsWith("Definition") && "name" in node && node.name !== undefined ? [node.name.value] : [],
  );
const sdlFilesOf = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => join(directory, name));
const complete = (sdl: string): string => withSharedDefinitions(sdl, "notes.graphql");
const composed = (name: string, sdl: string) => ({ name, live: false, sdl: withSharedDefinitions(sdl, name) });

test("what is shared stands once: no subgraph's file defines it again", () => {
  const shared = sdlFilesOf(join(folder, "shared")).flatMap((file) => definedIn(readFileSync(file, "utf8")));
  expect(shared).toEqual(expect.arrayContaining(["DateTime", "Node", "PageInfo", "UserError", "cacheControl", "live"]));
  expect(new Set(shared).size).toBe(shared.length);
  for (const file of sdlFilesOf(folder)) {
    const own = definedIn(readFileSync(file, "utf8"));
    expect(
      own.filter((name) => shared.includes(name)),
      file,
    ).toEqual([]);
  }
});

describe("a subgraph's SDL is completed", () => {
  test("with the definitions that it uses, those that they use in turn, and no other", () => {
    const sdl = complete("type Query { notes: [UserError!]! }");
    expect(definedIn(sdl).sort()).toEqual(["Query", "UserError", "UserErrorCode"]);
    expect(sdl).toContain('import: ["@shareable"]');
    expect(sdl).not.toContain("tributary.dev");
  });

  test("with the link of a directive's specification, so that the supergraph keeps the directive", () => {
    const { supergraphSdl } = composeSupergraph([
      composed("notes", "type Query { note: ID @cacheControl(maxAge: 1) }"),
    ]);
    expect(supergraphSdl).toContain("@cacheControl(maxAge: 1)");
    expect(supergraphSdl).toContain("https://tributary.dev/cache/v1.0");
    expect(supergraphSdl).not.toContain("https://tributary.dev/live");
  });

  test("with the type that it extends", () => {
    const sdl = complete("type Query { a: ID } extend type PageInfo { more: Int } extend type Query { b: ID }");
    expect(definedIn(sdl)).toContain("PageInfo");
  });

  test("with the link of Federation even when it uses no directive", () => {
    expect(complete("type Query { a: ID }")).toMatch(
      /^extend schema\s+@link\(url: "https:\/\/specs.apollo.dev\/federation/,
    );
  });
});

test("what a subgraph defines or links itself is its own", () => {
  const own = `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    scalar DateTime
    type Query { at: DateTime @cacheControl(maxAge: 1) }`;
  const sdl = complete(own);
  expect(definedIn(sdl).filter((name) => name === "DateTime")).toHaveLength(1);
  expect(sdl.match(/specs.apollo.dev\/federation/g)).toHaveLength(1);
  expect(composeSupergraph([{ name: "notes", live: false, sdl }]).supergraphSdl).toContain("@cacheControl(maxAge: 1)");
});

test("SDL that cannot be parsed is told with its file and its own line", () => {
  const failure = (() => {
    try {
      return complete("type Query {\n  a: [ID\n}");
    } catch (error) {
      return error;
    }
  })();
  expect(String(failure)).toContain("notes.graphql:3:1");
});
