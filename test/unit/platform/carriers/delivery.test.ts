// When a delivery is tried again, and how an attempt at it ended.
import { expect, test } from "vitest";
import { attempt } from "../../../../platform/carriers/attempt.ts";
import { CarrierFailure } from "../../../../platform/carriers/carrier.ts";
import { DELIVERY_TIMING, pauseMs } from "../../../../platform/carriers/delivery.ts";

const timing = { backoff: { baseMs: 1_000, capMs: 60_000 }, retryAfterCapMs: 30_000 };

test("each pause is longer than the one before, whatever chance says, until the cap [WH-04] [S75]", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => pauseMs(timing, failures, 0, () => 1 - Number.EPSILON));
  const shortest = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => pauseMs(timing, failures, 0, () => 0));
  expect(shortest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  for (const [index, pause] of longest.slice(0, 5).entries()) expect(pause).toBeLessThan(shortest[index + 1] ?? 0);
  expect(Math.max(...longest)).toBeLessThanOrEqual(60_000);
});

test("a receiver may ask for a longer pause within bounds, and for none that is shorter", () => {
  expect(pauseMs(timing, 1, 20_000, () => 0)).toBe(20_000);
  expect(pauseMs(timing, 1, 86_400_000, () => 0)).toBe(30_000);
  expect(pauseMs(timing, 5, 1, () => 0)).toBe(8_000);
});

test("the attempts that there are take about half a day", () => {
  const pauses = Array.from({ length: DELIVERY_TIMING.attempts - 1 }, (_, index) =>
    pauseMs(DELIVERY_TIMING, index + 1, 0, () => 0.5),
  );
  const hours = pauses.reduce((sum, pause) => sum + pause, 0) / 3_600_000;
  expect(hours).toBeGreaterThan(8);
  expect(hours).toBeLessThan(16);
});

const failing = (error: unknown) => () => Promise.reject(error);

test("an attempt is taken, worth another one, or over: for good, or since it was the last", async () => {
  const later = new CarrierFailure("busy", { permanent: false, retryAfterMs: 5_000 });
  const never = new CarrierFailure("gone", { permanent: true });
  expect(await attempt(async () => "answer 200", true)).toEqual({ outcome: "TAKEN", detail: "answer 200" });
  expect(await attempt(failing(later), false)).toMatchObject({ outcome: "AGAIN", detail: "busy", retryAfterMs: 5_000 });
  expect(await attempt(failing(later), true)).toMatchObject({ outcome: "OVER", permanent: false, error: later });
  expect(await attempt(failing(never), false)).toMatchObject({ outcome: "OVER", permanent: true, detail: "gone" });
});

test("an error of our own says nothing of us, and what a receiver said is cut", async () => {
  const ours = new Error("connection to 10.0.0.5 refused for role app");
  expect(await attempt(failing(ours), false)).toMatchObject({
    outcome: "AGAIN",
    detail: "The message could not be prepared.",
    error: ours,
  });
  const { detail } = await attempt(async () => `${"x".repeat(499)}😀`, false);
  expect(detail).toBe(`${"x".repeat(499)}\uFFFD`);
});
