// Random operations on seven supergraphs, by our executor, by the stock one, and by one server that knows the whole
// world. Ours must answer as the one server does, data and errors. Where the stock executor does not, one of its known
// faults must be to be expected.
import { isDeepStrictEqual } from "node:util";
import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { subgraphDatabases } from "../../../../prisma/subgraph-databases.ts";
import { readSdl } from "../../../../schema/sources.ts";
import { REPEATED_RUN } from "../../../support/random-of-test.ts";
import { comparedGraph, type Outcome } from "./compared-graph.ts";
import { describeDifference, differenceOf, unexplained } from "./differences.ts";
import { randomOperation } from "./random-operation.ts";
import { seedsTo } from "./seeds.ts";
import { dataFaults, ERROR_FAULTS, FAULT_NAMES, readNeeded } from "./stock-faults.ts";
import { RANDOM_GRAPHS } from "./supergraphs/random.ts";
import type { WorldOptions } from "./world.ts";

/** For each graph and world: more than 3,000 in all. */
const OPERATIONS = 150;
/** Of the operations of a graph and world. */
const MAX_REFUSED = 0.02;
const MIN_ALIKE = 0.4;

const sdl = (name: string) => readSdl(`schema/${name}.graphql`);
const PLATFORM = Object.fromEntries([...subgraphDatabases(), "streams"].map((name) => [name, sdl(name)]));

const GRAPHS = { platform: PLATFORM, ...RANDOM_GRAPHS };
const WORLDS: Readonly<Record<string, WorldOptions>> = {
  "where everything is there": { nulls: 0, failures: 0 },
  "with nulls": { nulls: 9, failures: 0 },
  "with nulls and failures": { nulls: 9, failures: 14 },
};

/** Over all graphs and worlds. */
const all = { asked: 0, alike: 0, refused: 0 };
/** Which of the stock executor's faults showed in an answer, perhaps together with another one. */
const shown = new Set<string>();

describe.each(Object.entries(GRAPHS))("%s", (_graph, subgraphs) => {
  const needed = readNeeded(subgraphs);
  test.each(Object.entries(WORLDS))(
    "[S8] random operations are answered as by one server in a world %s",
    async (_world, options) => {
      const graph = comparedGraph(subgraphs, options);
      const { apiSchema } = graph.generation;
      const mutates = apiSchema.getMutationType() != null;
      const differences: string[] = [];
      const refusals: string[] = [];
      const seeds = seedsTo(OPERATIONS);
      for (const seed of seeds) {
        const operation = randomOperation(apiSchema, seed, mutates && seed % 3 !== 0 ? "mutation" : "query");
        const truth = await graph.truth(operation);
        const { ours, stock, refused } = await graph.run(operation);
        const difference =
          refused === undefined ? differenceOf(ours, truth, "one server's") : unexplained(refused, operation);
        if (difference !== undefined) differences.push(describeDifference(seed, operation, difference));
        if (refused !== undefined) {
          refusals.push(refused);
          continue;
        }
        const faults = dataFaults(apiSchema, parse(operation.query), needed);
        const other = unexplainedDifference(stock, ours);
        if (other === undefined) all.alike += 1;
        else if (faults.length === 0) differences.push(describeDifference(seed, operation, other));
        else for (const fault of faults) shown.add(fault);
      }
      all.asked += seeds.length;
      all.refused += refusals.length;
      expect(differences).toEqual([]);
      expect(refusals.length / seeds.length, refusals.join("\n")).toBeLessThan(MAX_REFUSED);
    },
  );
});

describe.skipIf(REPEATED_RUN !== undefined)("of all these operations", () => {
  test("[S8] there are 3,000, hardly any is refused, and the stock executor answers enough of them alike", () => {
    expect(all.asked).toBeGreaterThan(3_000);
    expect(all.refused / all.asked).toBeLessThan(MAX_REFUSED / 4);
    expect(all.alike / all.asked).toBeGreaterThan(MIN_ALIKE);
  });

  test("each fault of the stock executor that is named shows somewhere", () => {
    expect([...shown].sort()).toEqual([...FAULT_NAMES].sort());
  });
});

/**
 * Conditions: a stock plan is for all their combinations at once. It then asks for a field that requires others with
 * more than these, or before it has them. So the stock executor is given plans of what the conditions leave, as ours
 * makes them. This test shows why.
 */
test("plans for all conditions at once answer otherwise than one server would, and ours do not", async () => {
  const graph = comparedGraph(RANDOM_GRAPHS.benchmark, { nulls: 0, failures: 0 });
  let stockErrs = 0;
  for (const seed of seedsTo(OPERATIONS)) {
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

function unexplainedDifference(stock: Outcome, ours: Outcome): string | undefined {
  const difference = differenceOf(ours, stock, "the stock executor's");
  const alike = isDeepStrictEqual(ours.data, stock.data);
  if (alike && Object.values(ERROR_FAULTS).some((explains) => explains(stock, ours))) return undefined;
  return difference;
}
