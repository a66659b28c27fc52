import { expect, test } from "vitest";
import { createThreadLoad } from "../../../platform/thread-load.ts";

test("it measures once in a tenth of a second, however often it is asked", () => {
  let at = 0;
  let measured = 0;
  const measure = () => {
    measured += 1;
    return measured / 10;
  };
  const load = createThreadLoad({ now: () => at, measure });
  const seen = new Set<number>();
  for (at = 0; at <= 300; at += 10) seen.add(load.share);
  expect([...seen]).toEqual([0, 0.1, 0.2, 0.3]);
});

test("a thread that waits has time, and one that works has none", async () => {
  const load = createThreadLoad();
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(load.share).toBeLessThan(0.5);
  for (const end = performance.now() + 150; performance.now() < end; );
  expect(load.share).toBeGreaterThan(0.5);
});
