// Random operations on random supergraphs, whose fields require each other: ours must answer as one server that knows the whole world.
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { type ComparedGraph, comparedGraph } from "./compared-graph.ts";
import { describeDifference, differenceOf, unexplained } from "./differences.ts";
import { randomOperation } from "./random-operation.ts";
import { randomSupergraph } from "./random-supergraph.ts";
import type { WorldOptions } from "./world.ts";

const GRAPHS = 12;
/** For each graph. */
const OPERATIONS = 8;

const WORLDS: Readonly<Record<string, WorldOptions>> = {
  "where everything is there": { nulls: 0, failures: 0 },
  "with nulls": { nulls: 7, failures: 0 },
  "with nulls and failures": { nulls: 9, failures: 14 },
};

test.each(Object.entries(WORLDS))(
  "operations on random requirements are answered as by one server in a world %s",
  async (world, options) => {
    const differences: string[] = [];
    let asked = 0;
    let refusals = 0;
    let stockErrs = 0;
    for (const [seed, graph] of graphsFrom(1 + GRAPHS * Object.keys(WORLDS).indexOf(world), options)) {
      for (let index = 1; index <= OPERATIONS; index += 1) {
        const operation = randomOperation(graph.generation.apiSchema, index);
        const truth = await graph.truth(operation);
        const { ours, stock, refused } = await graph.run(operation);
        asked += 1;
        if (refused !== undefined) refusals += 1;
        if (!isDeepStrictEqual(stock.data, truth.data)) stockErrs += 1;
        const difference =
          refused === undefined ? differenceOf(ours, truth, "one server's") : unexplained(refused, operation);
        if (difference !== undefined)
          differences.push(`graph ${seed}, ${describeDifference(index, operation, difference)}`);
      }
    }
    expect(differences).toEqual([]);
    // Most graphs compose, hardly anything is refused, and the graphs are such that plans as the planner makes them are often wrong.
    expect(asked).toBeGreaterThan((GRAPHS * OPERATIONS) / 2);
    expect(refusals / asked).toBeLessThan(0.02);
    expect(stockErrs / asked).toBeGreaterThan(0.05);
  },
);

function* graphsFrom(first: number, options: WorldOptions): Iterable<[number, ComparedGraph]> {
  for (let seed = first; seed < first + GRAPHS; seed += 1) {
    const graph = composed(seed, options);
    if (graph !== undefined) yield [seed, graph];
  }
}

/** Absent where chance made no supergraph of the subgraphs. */
function composed(seed: number, options: WorldOptions): ComparedGraph | undefined {
  try {
    return comparedGraph(randomSupergraph(seed), options);
  } catch (error) {
    if (/^\[|cannot be satisfied/m.test(error instanceof Error ? error.message : "")) return undefined;
    throw error;
  }
}
