import { expect, test } from "vitest";
import { processorMs } from "../../support/processor-time.ts";
import { startStopwatch } from "../../support/stopwatch.ts";
import { waitFor } from "../../support/wait.ts";

/** Nothing else of the process runs meanwhile. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("what passes while the process waits is measured", async () => {
  const since = performance.now();
  const stopwatch = startStopwatch();
  await waitFor(() => performance.now() - since > 200, { what: "a while" });
  // A machine that lets the process sleep takes some of it away, a usual one nearly nothing.
  expect(stopwatch.ms()).toBeGreaterThan(20);
  expect(stopwatch.ms()).toBeLessThanOrEqual(performance.now() - since);
  stopwatch.stop();
});

test("what passes while the process cannot look is not measured, neither before the look nor earlier", async () => {
  const stopwatch = startStopwatch();
  block(500);
  expect(stopwatch.ms()).toBeLessThan(100);
  await new Promise((resolve) => setImmediate(resolve));
  block(500);
  expect(stopwatch.ms()).toBeLessThan(200);
  stopwatch.stop();
});

test("processor time counts work and no waiting", async () => {
  // Works until this thread had the processor for so long, however little of it others leave.
  const worked = await processorMs(() => {
    const begun = process.threadCpuUsage();
    while (process.threadCpuUsage(begun).user < 50_000) block(1);
  });
  expect(worked).toBeGreaterThanOrEqual(50);
  const since = performance.now();
  const waiting = await processorMs(() => waitFor(() => performance.now() - since > 300, { what: "a while" }));
  expect(waiting).toBeLessThan(300);
});
