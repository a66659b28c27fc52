// Random operations on five supergraphs, by our executor and by the stock one. Data and errors must be the same, but where the stock one
// contradicts the specification; what that is, is said at each such place.
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { readSdl } from "../../../../schema/sources.ts";
import { SUBGRAPHS } from "../../../load/gateway/supergraph.ts";
import { comparedGraph, type Outcome } from "./compared-graph.ts";
import { type RandomOperation, randomOperation } from "./random-operation.ts";
import { KEYS } from "./supergraphs/keys.ts";
import { MEDIA } from "./supergraphs/media.ts";
import { SHOP } from "./supergraphs/shop.ts";
import type { WorldOptions } from "./world.ts";

const OPERATIONS = 150;

const sdl = (name: string) => readSdl(`schema/${name}.graphql`);
const PLATFORM = Object.fromEntries(["user", "billing", "audit", "streams"].map((name) => [name, sdl(name)]));

const GRAPHS = { platform: PLATFORM, benchmark: SUBGRAPHS, shop: SHOP, keys: KEYS };
const WORLDS: Readonly<Record<string, WorldOptions>> = {
  "where everything is there": { nulls: 0, failures: 0 },
  "with nulls": { nulls: 9, failures: 0 },
  "with nulls and failures": { nulls: 9, failures: 14 },
};

describe.each(Object.entries(GRAPHS))("%s", (_graph, subgraphs) => {
  test.each(Object.entries(WORLDS))("random operations are answered alike in a world %s", async (_world, options) => {
    const graph = comparedGraph(subgraphs, options);
    const differences: string[] = [];
    for (let seed = 1; seed <= OPERATIONS; seed += 1) {
      const operation = randomOperation(graph.generation.apiSchema, seed);
      const { ours, stock, refused } = await graph.run(operation);
      const difference = refused === undefined ? compare(ours, stock) : unexplained(refused, operation);
      if (difference !== undefined) differences.push(describeDifference(seed, operation, difference));
    }
    expect(differences).toEqual([]);
  });
});

/**
 * Interface objects: the stock executor takes the interface's name, from the subgraph that knows no other, for the object's type, and then
 * leaves out what was selected of the type that it is, without an error. So here we are compared with the truth.
 */
test.each(Object.entries(WORLDS))(
  "interface objects are answered as by one server in a world %s",
  async (_world, options) => {
    const graph = comparedGraph(MEDIA, options);
    const differences: string[] = [];
    let stockErrs = 0;
    for (let seed = 1; seed <= OPERATIONS; seed += 1) {
      const operation = randomOperation(graph.generation.apiSchema, seed);
      const truth = await graph.truth(operation);
      const { ours, stock } = await graph.run(operation);
      if (!isDeepStrictEqual(stock.data, truth.data)) stockErrs += 1;
      const difference = compare(ours, truth);
      if (difference !== undefined) differences.push(describeDifference(seed, operation, difference));
    }
    expect(differences).toEqual([]);
    expect(stockErrs, "when it is mended, compare with it here, too").toBeGreaterThan(0);
  },
);

/**
 * Conditions: a stock plan is for all their combinations at once, and then asks for a field that requires others with more than these, or
 * before it has them. So the stock executor is given plans of what the conditions leave, as ours makes them, and here it is shown why.
 */
test("plans for all conditions at once answer otherwise than one server would, and ours do not", async () => {
  const graph = comparedGraph(SUBGRAPHS, { nulls: 0, failures: 0 });
  let stockErrs = 0;
  for (let seed = 1; seed <= OPERATIONS; seed += 1) {
    const operation = randomOperation(graph.generation.apiSchema, seed);
    const stock = await graph.stockAlone(operation);
    const { ours, refused } = await graph.run(operation);
    if (refused !== undefined) {
      expect(unexplained(refused, operation)).toBeUndefined();
      continue;
    }
    if (isDeepStrictEqual(stock.data, ours.data)) continue;
    stockErrs += 1;
    expect(ours.data, operation.query).toEqual((await graph.truth(operation)).data);
  }
  expect(stockErrs, "when it is mended, compare with it everywhere").toBeGreaterThan(0);
});

/** A refusal explains itself when the operation holds the fields that it names. */
function unexplained(refused: string, { query }: RandomOperation): string | undefined {
  const named = [...refused.matchAll(/\b[A-Z]\w*\.(\w+) (?:requires|is )/g)].map(([, field]) => field);
  const missing = named.filter((field) => !new RegExp(`\\b${field}\\b`).test(query));
  return named.length > 0 && missing.length === 0 ? undefined : `refused without a reason: ${refused}`;
}

function compare(ours: Outcome, stock: Outcome): string | undefined {
  for (const { path } of ours.errors) {
    // GraphQL specification, "Handling Field Errors": the field that has an error is null, or what holds it is.
    if (path !== undefined && !leadsToNull(ours.data, path)) return `our error at ${path} is where there is no null`;
  }
  if (!isDeepStrictEqual(ours.data, stock.data))
    return `data: ${JSON.stringify(ours.data)} instead of ${JSON.stringify(stock.data)}`;
  if (isDeepStrictEqual(ours.errors, stock.errors)) return undefined;
  // The stock executor counts entities that it did not ask for when it looks for an entity's place, and tells errors of what is fetched but
  // not selected: such errors are at places where there is no null.
  const misplaced = stock.errors.filter(({ path }) => path !== undefined && !leadsToNull(stock.data, path));
  const kept = stock.errors.filter((error) => !misplaced.includes(error));
  const texts = new Set(stock.errors.map(({ message }) => message));
  if (misplaced.length > 0 && kept.every((error) => ours.errors.some((own) => isDeepStrictEqual(own, error)))) {
    if (ours.errors.every(({ message }) => texts.has(message))) return undefined;
  }
  return `errors: ${JSON.stringify(ours.errors)} instead of ${JSON.stringify(stock.errors)}`;
}

function leadsToNull(data: unknown, path: readonly (string | number)[]): boolean {
  let here = data;
  for (const step of path) {
    if (here === null) return true;
    if (typeof here !== "object") return false;
    here = new Map<string, unknown>(Object.entries(here)).get(String(step));
  }
  return here === null;
}

function describeDifference(seed: number, { query, variables }: RandomOperation, difference: string): string {
  return `seed ${seed}: ${query} with ${JSON.stringify(variables)}: ${difference}`;
}
