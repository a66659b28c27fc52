import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { expect, test } from "vitest";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";

function compose(...subgraphs: readonly { imports: readonly string[]; version?: string; sdl: string }[]): string {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map(({ imports, version = "v2.9", sdl }, index) => ({
      name: String.fromCharCode(97 + index),
      url: "http://shop.invalid",
      typeDefs: parse(`
        extend schema @link(url: "https://specs.apollo.dev/federation/${version}", import: ${JSON.stringify(imports)})
        ${sdl}
      `),
    })),
  );
  if (supergraphSdl === undefined) throw new Error(`the example does not compose: ${errors?.join()}`);
  return supergraphSdl;
}

/** A supergraph with one more link. */
function linking(supergraphSdl: string, link: string): string {
  return supergraphSdl.replace("schema\n", `schema\n  @link(${link})\n`);
}

function refusalOf(supergraphSdl: string): string {
  try {
    buildGeneration(supergraphSdl);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code, error.message).toBe("SUPERGRAPH_UNSUPPORTED");
    return error.message;
  }
  throw new Error("the supergraph was taken");
}

const users = {
  imports: ["@key"],
  sdl: 'type Query { user: User } type User @key(fields: "id") { id: ID! name: String }',
};

const moved = (label: string) =>
  compose(users, {
    imports: ["@key", "@override"],
    sdl: `type User @key(fields: "id") { id: ID! name: String @override(from: "a", label: "${label}") }`,
  });

test("a supergraph with progressive override is refused, naming label and field", () => {
  expect(refusalOf(moved("percent(10)"))).toContain(
    '@override(label: "percent(10)"), progressive override, on User.name',
  );
});

test("progressive override is refused for no requests, for all, and under a name", () => {
  for (const label of ["percent(0)", "percent(100)", "new_names"]) expect(refusalOf(moved(label))).toContain(label);
});

test("an @override without a label is taken", () => {
  const sdl = 'type User @key(fields: "id") { id: ID! name: String @override(from: "a") }';
  expect(() => buildGeneration(compose(users, { imports: ["@key", "@override"], sdl }))).not.toThrow();
});

test("a supergraph with @context and @fromContext is refused, naming type, field and argument", () => {
  const message = refusalOf(
    compose({
      imports: ["@key", "@context", "@fromContext"],
      sdl: `
        type Query { user: User }
        type User @key(fields: "id") @context(name: "money") { id: ID! currency: String cart: Cart }
        type Cart @key(fields: "id") { id: ID! total(in: String @fromContext(field: "$money { currency }")): Int }
      `,
    }),
  );
  expect(message).toMatch(/@context \(https:\/\/specs\.apollo\.dev\/context\/v0\.1 for: SECURITY\) on User/);
  expect(message).toContain("@fromContext on Cart.total(in:)");
});

const guarded = compose({
  imports: ["@authenticated", "@requiresScopes", "@policy"],
  sdl: `
    type Query { user: User @authenticated salary: Int @requiresScopes(scopes: [["pay"]]) }
    type User @policy(policies: [["staff"]]) { id: ID! kind: Kind }
    enum Kind @authenticated { A }
  `,
});

test("a supergraph with access rules that nobody would enforce is refused, naming each place", () => {
  const message = refusalOf(guarded);
  expect(message).toMatch(/@authenticated \(\S+ for: SECURITY\) on Kind, Query\.user/);
  expect(message).toMatch(/@requiresScopes \(\S+ for: SECURITY\) on Query\.salary/);
  expect(message).toMatch(/@policy \(\S+ for: SECURITY\) on User/);
});

test("access rules are refused where their link does not say its purpose, and under another name", () => {
  expect(refusalOf(guarded.replaceAll(", for: SECURITY", ""))).toContain("@authenticated");
  const renamed = guarded
    .replace("authenticated/v0.1", 'authenticated/v0.1", as: "signedIn')
    .replaceAll("@authenticated", "@signedIn");
  expect(refusalOf(renamed)).toContain("@signedIn (https://specs.apollo.dev/authenticated/v0.1 for: SECURITY)");
});

test("directives that composition hides in the join are refused by their own names", () => {
  const cached = compose({
    imports: ["@cacheTag"],
    version: "v2.12",
    sdl: 'type Query { prices: [Int] @cacheTag(format: "prices") }',
  });
  expect(refusalOf(cached)).toContain("@cacheTag on Query.prices");
  const connected = compose({
    imports: ["@key"],
    version: "v2.10",
    sdl: `
      extend schema @link(url: "https://specs.apollo.dev/connect/v0.1", import: ["@connect", "@source"])
        @source(name: "api", http: { baseURL: "http://api.invalid" })
      type Query { users: [User] @connect(source: "api", http: { GET: "/users" }, selection: "id") }
      type User { id: ID! }
    `,
  });
  expect(refusalOf(connected)).toMatch(/@source on the schema\n.*@connect on Query\.users/);
});

test("an unknown feature is refused when its link says that it must be understood, and else passed over", () => {
  const link = (purpose: string) => `url: "https://example.org/rights/v1.0"${purpose}, import: ["@owner"]`;
  const own = `${compose(users).replace(/name: String$/m, "name: String @owner")}\ndirective @owner on FIELD_DEFINITION\n`;
  expect(refusalOf(linking(own, link(", for: SECURITY")))).toContain(
    "@owner (https://example.org/rights/v1.0 for: SECURITY) on User.name",
  );
  expect(refusalOf(linking(compose(users), link(", for: EXECUTION")))).toContain(
    "https://example.org/rights/v1.0 for: EXECUTION, which the schema links",
  );
  expect(() => buildGeneration(linking(own, link("")))).not.toThrow();
});

test("another version of our own directives is refused: it may mean something else", () => {
  const link = 'url: "https://tributary.dev/cache/v2.0", import: ["@cacheControl"]';
  expect(refusalOf(linking(compose(users), link))).toContain("https://tributary.dev/cache/v2.0");
});

test("a directive on many fields is named with the first places and a count", () => {
  const fields = Array.from({ length: 9 }, (_, index) => `f${index}: Int @authenticated`).join(" ");
  const message = refusalOf(compose({ imports: ["@authenticated"], sdl: `type Query { ${fields} }` }));
  expect(message).toContain("Query.f0, Query.f1, Query.f2, Query.f3, Query.f4 and 4 more");
});

test("costs, tags and hidden fields are supported, whatever purpose their links name", () => {
  const priced = compose({
    imports: ["@cost", "@listSize", "@tag", "@inaccessible"],
    sdl: `
      type Query { users: [User] @cost(weight: 3) @listSize(assumedSize: 4) secret: Int @inaccessible @tag(name: "x") }
      type User { id: ID! }
    `,
  });
  expect(() => buildGeneration(priced)).not.toThrow();
  expect(() => buildGeneration(priced.replace("cost/v0.1", 'cost/v0.1", for: EXECUTION, as: "cost'))).not.toThrow();
});

test("the platform's own supergraph asks for nothing that the gateway does not do", () => {
  expect(() => buildGeneration(readFileSync("schema/generated/supergraph.graphql", "utf8"))).not.toThrow();
});
