// Random operations on five supergraphs, by our executor, by the stock one, and by one server that knows the whole
// world. Ours must answer as the one server does, data and errors. Where the stock executor does not, one of its known
// faults must be to be expected.
import { isDeepStrictEqual } from "node:util";
import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { subgraphDatabases } from "../../../../prisma/subgraph-databases.ts";
import { readSdl } from "../../../../schema/sources.ts";
import { SUBGRAPHS } from "../../../load/gateway/supergraph.ts";
import { comparedGraph, type Outcome } from "./compared-graph.ts";
import { describeDifference, differenceOf, unexplained } from "./differences.ts";
import { randomOperation } from "./random-operation.ts";
import { dataFaults, ERROR_FAULTS, readNeeded } from "./stock-faults.ts";
import { KEYS } from "./supergraphs/keys.ts";
import { MEDIA } from "./supergraphs/media.ts";
import { SHOP } from "./supergraphs/shop.ts";
import type { WorldOptions } from "./world.ts";

/** For each graph and world. */
const OPERATIONS = 150;

const sdl = (name: string) => readSdl(`schema/${name}.graphql`);
const PLATFORM = Object.fromEntries([...subgraphDatabases(), "streams"].map((name) => [name, sdl(name)]));

const GRAPHS = { platform: PLATFORM, benchmark: SUBGRAPHS, shop: SHOP, keys: KEYS, media: MEDIA };
const WORLDS: Readonly<Record<string, WorldOptions>> = {
  "where everything is there": { nulls: 0, failures: 0 },
  "with nulls": { nulls: 9, failures: 0 },
  "with nulls and failures": { nulls: 9, failures: 14 },
};

describe.each(Object.entries(GRAPHS))("%s", (_graph, subgraphs) => {
  const needed = readNeeded(subgraphs);
  test.each(Object.entries(WORLDS))(
    "random operations are answered as by one server in a world %s",
    async (_world, options) => {
      const graph = comparedGraph(subgraphs, options);
      const differences: string[] = [];
      for (let seed = 1; seed <= OPERATIONS; seed += 1) {
        const operation = randomOperation(graph.generation.apiSchema, seed);
        const truth = await graph.truth(operation);
        const { ours, stock, refused } = await graph.run(operation);
        const difference =
          refused === undefined ? differenceOf(ours, truth, "one server's") : unexplained(refused, operation);
        if (difference !== undefined) differences.push(describeDifference(seed, operation, difference));
        const faults = dataFaults(graph.generation.apiSchema, parse(operation.query), needed);
        const other = faults.length > 0 || refused !== undefined ? undefined : unexplainedDifference(stock, ours);
        if (other !== undefined) differences.push(describeDifference(seed, operation, other));
      }
      expect(differences).toEqual([]);
    },
  );
});

/**
 * Conditions: a stock plan is for all their combinations at once, and then asks for a field that requires others with
 * more than these, or before it has them. So the stock executor is given plans of what the conditions leave, as ours
 * makes them, and here it is shown why.
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

function unexplainedDifference(stock: Outcome, ours: Outcome): string | undefined {
  const difference = differenceOf(ours, stock, "the stock executor's");
  const alike = isDeepStrictEqual(ours.data, stock.data);
  if (alike && Object.values(ERROR_FAULTS).some((explains) => explains(stock, ours))) return undefined;
  return difference;
}
