// OP-04: traffic while processes, connections and the broker die and poison comes by (test/load/soak). The hour is
// `npm run load -- soak`.
import { expect, test } from "vitest";
import { isWithin } from "../load/live/verdict.ts";
import { runSoak } from "../load/soak/run-soak.ts";
import { soakDemands } from "../load/soak/soak-demands.ts";
import { randomOfTest } from "../support/random-of-test.ts";
import { sizeOf } from "../tiers.ts";

const MINUTES = sizeOf("soakMinutes");

test(`in ${MINUTES} min of traffic, kills, broker restarts and poison every event is delivered and recorded, dead letters are the poison, and nothing is left behind [OP-04] [S51] [S55]`, {
  timeout: 2 * MINUTES * 60_000 + 420_000,
}, async () => {
  const seed = randomOfTest("the soak").integer(0, 2 ** 31);
  const figures = await runSoak({ minutes: MINUTES, seed, say: console.info });
  const { traffic, followers, letters, stores, badLines, growth, faults } = figures;
  console.info({ faults, traffic, stores, growth });
  expect([
    ...traffic.samples,
    ...followers.problems,
    ...letters.differences,
    ...stores.differences,
    ...badLines,
  ]).toEqual([]);
  expect(soakDemands(figures).filter((demand) => !isWithin(demand))).toEqual([]);
});
