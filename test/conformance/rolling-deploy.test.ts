// OP-01 in small: two gateways behind a balancer are stopped and started again, one after the other, while requests and
// events flow.
import { afterAll, beforeAll, expect, test } from "vitest";
import { runRollingDeploy } from "../load/rolling-deploy.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

const SOCKETS = 50;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack("distributed", { gateways: 2, settings: { DRAIN_NOTICE_MS: "4000" } });
});
afterAll(() => stack?.stop());

test("gateways that stop in turn fail no request and lose no event; each says so first, ends what is under way, and exits 0 in time [OP-01]", async () => {
  const outcome = await runRollingDeploy(stack, { sockets: SOCKETS, perSecond: 20, tenants: 5, calmMs: 2_000 });

  expect(outcome.refused).toBe(0);
  expect(outcome.requests.samples).toEqual([]);
  expect(outcome.requests.failures).toEqual({ connection: 0, status: 0, answer: 0 });
  expect(outcome.requests.reads.count).toBeGreaterThan(50);
  expect(outcome.requests.writes.count).toBeGreaterThan(5);

  expect(outcome.stops).toHaveLength(2);
  for (const { unready, held, exit, exitMs } of outcome.stops) {
    expect(unready.status).toBe(503);
    expect(unready.afterMs).toBeLessThanOrEqual(1_000);
    expect(held).toEqual({ status: 200, connection: "close" });
    expect(exit.code).toBe(0);
    expect(exitMs).toBeLessThanOrEqual(10_000);
  }

  const codes = [...outcome.figures.closes.keys()];
  expect(codes.filter((code) => code !== 1001 && code !== 1012)).toEqual([]);
  const closes = [...outcome.figures.closes.values()].reduce((sum, count) => sum + count, 0);
  // Those of the first gateway, then all: by then everybody is on the second one.
  expect(closes).toBeGreaterThan(SOCKETS);
  expect(outcome.figures.gap.count).toBe(closes);

  expect(outcome.problems).toEqual([]);
  expect(outcome.delivery.delivered).toBeGreaterThan(SOCKETS);
  expect(outcome.lost).toBe(0);
  expect([outcome.delivery.repeated, outcome.delivery.outOfOrder]).toEqual([0, 0]);
});
