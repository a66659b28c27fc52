import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cacheHintsOf, readCacheHints } from "../../../../gateway/cache/hints.ts";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";

const OWN_GRAPH = new URL("../../../../schema/generated/supergraph.graphql", import.meta.url);

test("the platform's supergraph says what may be cached; what it says nothing of has no hint", () => {
  const hints = cacheHintsOf(buildGeneration(readFileSync(OWN_GRAPH, "utf8")));
  expect(hints.any).toBe(true);
  expect(hints.ofType("Plan")).toMatchObject({ scope: "PUBLIC" });
  expect(hints.ofType("Session")).toBeUndefined();
  expect(hints.ofField("Query", "viewer")).toMatchObject({ scope: "VIEWER", tags: ["viewer"] });
  expect(hints.ofField("Viewer", "session")).toBeUndefined();
});

test("hints are read under the name that the supergraph gave the directive", () => {
  const sdl = (link: string, name: string) => `
    schema @link(url: "https://specs.apollo.dev/link/v1.0") ${link} { query: Query }
    type Query { one: One @${name}(maxAge: 5, scope: ORGANIZATION, tags: ["organization", "prices"]) }
    type One @${name}(maxAge: 60) { id: ID }
    union Any @${name}(maxAge: 7, scope: PRIVATE) = One
  `;
  const spec = "https://tributary.dev/cache/v1.0";
  for (const [link, name] of [
    [`@link(url: "${spec}", import: ["@cacheControl"])`, "cacheControl"],
    [`@link(url: "${spec}", import: [{ name: "@cacheControl", as: "@kept" }])`, "kept"],
    [`@link(url: "${spec}", as: "hints")`, "hints__cacheControl"],
    ["", "cacheControl"],
  ] as const) {
    const hints = readCacheHints(sdl(link, name));
    expect(hints.ofType("One")).toEqual({ maxAgeMs: 60_000, scope: "VIEWER", tags: [] });
    expect(hints.ofType("Any")).toEqual({ maxAgeMs: 7_000, scope: "VIEWER", tags: [] });
    expect(hints.ofField("Query", "one")).toEqual({
      maxAgeMs: 5_000,
      scope: "ORGANIZATION",
      tags: ["organization", "prices"],
    });
  }
});

test("a hint that makes no sense is none", () => {
  const hints = readCacheHints(`
    type A @cacheControl(maxAge: -1) { id: ID @cacheControl(maxAge: "1") }
    type B @cacheControl(scope: PUBLIC) { id: ID @cacheControl(maxAge: 1, scope: EVERYBODY) }
    type __proto__ { id: ID }
  `);
  expect(hints.any).toBe(false);
  expect(hints.ofType("__proto__")).toBeUndefined();
  expect(hints.ofType("constructor")).toBeUndefined();
});
