// Random operations while subgraphs are away or lose entities: what is answered is what one server would answer, or a
// null with one error.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type ChangeAnswer, comparedGraph } from "./compared-graph.ts";
import { describeDifference } from "./differences.ts";
import { wrongParts } from "./missing-parts.ts";
import { randomOperation } from "./random-operation.ts";
import { seedsTo } from "./seeds.ts";
import { RANDOM_GRAPHS } from "./supergraphs/random.ts";
import { REQUIREMENTS } from "./supergraphs/requirements.ts";

/** For each graph. */
const OPERATIONS = 80;

const GRAPHS = { ...RANDOM_GRAPHS, requirements: REQUIREMENTS };

const number = (text: string): number => createHash("sha256").update(text).digest().readUInt32BE(0);

/** One answer in six is none, one in three loses entities. */
function failing(seed: number): ChangeAnswer {
  return (subgraph, request, answer) => {
    const chance = number(`${seed} ${subgraph} ${request}`);
    if (chance % 6 === 0) return { data: null, errors: [{ message: `${subgraph} is away` }] };
    if (chance % 3 !== 0 || answer.data === null) return answer;
    const errors = [...answer.errors];
    const members = Object.entries(answer.data).map(([name, value]) => {
      if (!name.startsWith("_entities") || !Array.isArray(value)) return [name, value] as const;
      const entities = value.map((entity: unknown, index) => {
        if (number(`${chance} ${name} ${index}`) % 2 === 0) return entity;
        errors.push({ message: `${subgraph} lost an entity`, path: [name, index] });
        return null;
      });
      return [name, entities] as const;
    });
    return { data: Object.fromEntries(members), errors };
  };
}

test.each(Object.entries(GRAPHS))(
  "[S8] on the graph %s, what subgraphs do not bring costs itself alone, and has one error",
  async (_name, subgraphs) => {
    const graph = comparedGraph(subgraphs, { nulls: 9, failures: 0 });
    const { apiSchema } = graph.generation;
    const differences: string[] = [];
    let failed = 0;
    for (const seed of seedsTo(OPERATIONS)) {
      // Mutations are left out: after a failure, others would not be run.
      const operation = randomOperation(apiSchema, seed);
      const whole = await graph.truth(operation);
      const partial = await graph.runChanged(operation, failing(seed));
      if ("refused" in partial) continue;
      if (partial.errors.length > 0) failed += 1;
      const wrong = wrongParts(partial, whole);
      if (wrong.length > 0) differences.push(describeDifference(seed, operation, wrong.join("; ")));
    }
    expect(differences).toEqual([]);
    expect(failed).toBeGreaterThan(0);
  },
);
