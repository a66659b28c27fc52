import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkClockDriven } from "../../../schema/clock-driven.ts";

const SDL = `
  type Offer @cacheControl(maxAge: 60) { id: ID! over: Boolean }
  type Query { offer: Offer }
  type Mutation { end: Boolean }
`;
const IMPORT = 'import type { Resolvers, ResolversOf } from "../../../schema/generated/shop.ts";';

/** What the check says of a work tree with these files beside `subgraphs/shop/resolvers/offer.ts`. */
function check(offer: string, more: Readonly<Record<string, string>> = {}, sdl = SDL): string[] {
  const root = mkdtempSync(join(tmpdir(), "tributary-clock-"));
  try {
    const files = { "resolvers/offer.ts": `${IMPORT}\n${offer}`, ...more };
    for (const [name, content] of Object.entries(files)) {
      const file = join(root, "subgraphs/shop", name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    return checkClockDriven(root, [{ name: "shop", live: false, sdl }]).map((line) => line.split(" ")[0] ?? "");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const offer = (over: string) => `export const offer: ResolversOf<"Offer", C> = { over: ${over} };`;

test.each([
  ["the clock of its services", "(_p, _a, { services }) => services.clock.now() > 1"],
  ["a clock that it takes apart", "(_p, _a, { services: { clock } }) => ask(clock)"],
  ["the system's clock", "() => Date.now() > 1"],
  ["a new date", "() => new Date().getTime() > 1"],
  ["a date as text", "() => Date() > '1'"],
  ["a time that somebody else took", "(_p, _a, { now }) => now > 1"],
  ["the database's clock", "(_p, _a, { read }) => read(`SELECT ends_at < now() FROM offer`)"],
])("a field that reads %s is told", (_, over) => {
  expect(check(offer(over))).toEqual(["Offer.over"]);
});

test("a field is told for what it calls, through modules of its subgraph", () => {
  const resolver = `import { isOver as ended } from "../ends.ts";\n${offer("ended")}`;
  const ends =
    'import { today } from "./store/today.ts";\nexport function isOver() { return helper() }\nconst helper = () => today();';
  const store = "export const today = () => performance.now();";
  expect(check(resolver, { "ends.ts": ends, "store/today.ts": store })).toEqual(["Offer.over"]);
  expect(check(resolver, { "ends.ts": ends, "store/today.ts": "export const today = () => 1;" })).toEqual([]);
});

test("resolvers are found however they are declared", () => {
  expect(check('export const offer = { over: () => Date.now() } satisfies ResolversOf<"Offer", C>;')).toEqual([
    "Offer.over",
  ]);
  expect(check("export const all: Resolvers<C> = { Offer: { over: () => Date.now() }, DateTime: scalars };")).toEqual([
    "Offer.over",
  ]);
});

test("a date that was stored, a word in a comment and a mutation read no clock that matters", () => {
  expect(check(offer("({ endsAt }) => new Date(endsAt) /* now() */ > 1"))).toEqual([]);
  expect(check('export const m: ResolversOf<"Mutation", C> = { end: (_p, _a, { clock }) => clock.now() };')).toEqual(
    [],
  );
});

test("a field may say how old its value may be", () => {
  const hinted = SDL.replace("over: Boolean", "over: Boolean @cacheControl(maxAge: 5)");
  expect(check(offer("() => Date.now()"), {}, hinted)).toEqual([]);
});

test("a reference that depends on the clock is told where its type may be cached", () => {
  const reference = 'export const offer: ResolversOf<"Offer", C> = { __resolveReference: () => ({ at: Date.now() }) };';
  expect(check(reference)).toEqual(["Offer.__resolveReference"]);
  expect(check(reference, {}, SDL.replace("@cacheControl(maxAge: 60)", ""))).toEqual([]);
});

test("loaders may not read the clock, nor what they load by", () => {
  const loaders = 'import { find } from "./store/offers.ts";\nexport const createLoaders = () => ({ offer: find });';
  const store = (sql: string) => `export const find = (tx) => tx\`SELECT * FROM offer WHERE ${"${"}tx.a} ${sql}\`;`;
  const files = (sql: string) => ({ "loaders.ts": loaders, "store/offers.ts": store(sql) });
  expect(check(offer("() => true"), files("AND ends_at > CURRENT_TIMESTAMP"))).toEqual(["subgraphs/shop/loaders.ts"]);
  expect(check(offer("() => true"), files("AND id = 1"))).toEqual([]);
});
