// What is printed for subgraphs that no real one is like, judged by the compiler with the project's own settings.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { composeSupergraph } from "../../../schema/compose.ts";
import { printResolverTypes } from "../../../schema/resolver-types.ts";
import { withSharedDefinitions } from "../../../schema/shared-definitions.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

const EXTENSION = 'type Organization @key(fields: "id") { id: ID! limit: Int }';
const NESTED_KEY = `
  type Seat @key(fields: "number team { id organization { id } }") { number: Int! team: Team! taken: Boolean! }
  type Team { id: ID! organization: Organization! }
  type Organization @key(fields: "id", resolvable: false) { id: ID! }
`;

/** A subgraph, and code of its own that uses what is printed for it. */
const subgraphs: Readonly<Record<string, readonly [sdl: string, use?: string]>> = {
  "only-extends-entities": [
    EXTENSION,
    `export const map: Resolvers<object, { Organization: { readonly id: string } }> = {
      Organization: { __resolveReference: ({ id }) => ({ id }), limit: () => 3 },
    };
    // @ts-expect-error nothing answers the limit
    export const missing: Resolvers<object, { Organization: { readonly id: string } }> = {};`,
  ],
  "only-stubs": ['type Organization @key(fields: "id", resolvable: false) { id: ID! }'],
  "only-scalars": ["scalar JSON scalar Unheard"],
  "only-a-query": [
    "type Query { now: Int! }",
    `export const query: ResolversOf<"Query", object> = { now: () => 1 };
    // @ts-expect-error nothing answers \`now\`
    export const map: Resolvers<object> = {};`,
  ],
  "only-an-extended-query": ["extend type Query { now: Int }"],
  "only-a-mutation": ["type Mutation { stop: Boolean! }"],
  "only-a-subscription": ["type Query { a: Int } type Subscription { tick: Int }"],
  "only-inputs": ["input Range { from: Int = 1, to: Int } enum Order { UP DOWN }"],
  "only-directives": ["directive @internal on FIELD_DEFINITION"],
  "only-a-comment": ["# Nothing yet."],
  "nothing-at-all": ["", "export const map: Resolvers<object> = {};"],
  "only-fields-with-arguments": ["type Query { sum: Sum } type Sum { of(numbers: [[Int!]]): Int }"],
  "an-interface-without-objects": ["interface Thing { id: ID! } type Query { thing: Thing }"],
  "a-key-with-objects-in-it": [
    NESTED_KEY,
    `export const seat: Pick<ResolversOf<"Seat", object, { Seat: { readonly at: string } }>, "__resolveReference"> = {
      __resolveReference: ({ number, team }) => ({ at: number.toFixed() + team.id + team.organization.id }),
    };`,
  ],
  "roots-of-other-names": [
    "schema { query: Ask } type Ask { now: Int! }",
    'export const ask: ResolversOf<"Ask", object> = { now: () => 1 };',
  ],
};

const print = (sdl: string): string =>
  printResolverTypes(buildSubgraphSchema(parse(withSharedDefinitions(sdl, "invented.graphql"))));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-types-"));
  await mkdir(join(folder, "generated"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await copyFile(join(root, "schema/resolver.ts"), join(folder, "resolver.ts"));
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.json"), include: ["**/*.ts"] }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("types of subgraphs without types of their own are printed, and the compiler takes them", async () => {
  for (const [name, [sdl, use]] of Object.entries(subgraphs)) {
    await writeFile(join(folder, `generated/${name}.ts`), print(sdl));
    const imports = ["Resolvers", "ResolversOf"].filter((type) => use?.includes(`${type}<`)).join(", ");
    if (use === undefined) continue;
    await writeFile(join(folder, `${name}.ts`), `import type { ${imports} } from "./generated/${name}.ts";\n${use}\n`);
  }
  const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", folder]).catch(
    (error: unknown) =>
      error instanceof Error && "stdout" in error ? { stdout: String(error.stdout) } : { stdout: String(error) },
  );
  expect(stdout).toBe("");
}, 60_000);

test("the same subgraphs compose with one that owns the entities", () => {
  const owner = `
    type Query { organization: Organization }
    type Organization @key(fields: "id") { id: ID! }
  `;
  const unused = ["only-inputs", "roots-of-other-names"];
  for (const [name, [sdl]] of Object.entries(subgraphs).filter(([key]) => !unused.includes(key))) {
    const sources = [
      { name: "owner", live: false, sdl: withSharedDefinitions(owner, "owner.graphql") },
      { name, live: false, sdl: withSharedDefinitions(sdl, `${name}.graphql`) },
    ];
    expect(() => composeSupergraph(sources), name).not.toThrow();
  }
});

test("a scalar without a TypeScript type and a type with a taken name are refused with what to do", () => {
  expect(() => print("scalar Url type Query { home: Url }")).toThrow(
    /Scalar Url .* add it to schema\/typescript-types\.ts/,
  );
  expect(() => print("enum Field { A } type Query { field: Field }")).toThrow(/Field is a name that .* choose another/);
});
