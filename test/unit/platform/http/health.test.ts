import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { createServer } from "../../../../platform/http/create-server.ts";
import { degradedMetric, type HealthCheck, registerHealthRoutes } from "../../../../platform/http/health.ts";
import { metricsText } from "../../../../platform/http/metrics-format.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const down = (name: string, critical: boolean): HealthCheck => ({
  name,
  critical,
  check: () => Promise.reject(new Error(`${name} is away`)),
});
const up: HealthCheck = { name: "store", critical: true, check: () => Promise.resolve() };

function served(checks: readonly HealthCheck[], restartReason?: string) {
  const server = createServer({ logger: pino({ level: "silent" }), maxBodyBytes: 1_000 });
  registerHealthRoutes(server, {
    service: "test",
    release: "1",
    lifecycle: { phase: "running" },
    checks,
    restartReason: () => restartReason,
    details: () => ({ events: { consumers: [] } }),
  });
  closing.push(() => server.close());
  return async (url: string) => {
    const answer = await server.inject(url);
    return { status: answer.statusCode, body: answer.json() };
  };
}

test("degraded is 200 with what is wrong in the body; 503 says that requests cannot be served", async () => {
  const degraded = await served([up, down("event log", false)])("/ready");
  expect(degraded).toMatchObject({
    status: 200,
    body: {
      status: "degraded",
      ready: true,
      dependencies: { "event log": { status: "down", reason: "event log is away" } },
    },
  });
  expect(await served([up, down("database", true)])("/ready")).toMatchObject({
    status: 503,
    body: { status: "unready" },
  });
});

test("/live fails only where a restart would help, never for the loss of another service", async () => {
  const lost = served([down("database", true), down("event log", false)]);
  expect(await lost("/live")).toEqual({ status: 200, body: { status: "live" } });
  expect(await served([up], "rebuilding did not help")("/live")).toEqual({
    status: 503,
    body: { status: "stuck", reason: "rebuilding did not help" },
  });
});

test("/health tells the details, and a metric what is degraded, by name", async () => {
  expect((await served([up])("/health")).body).toMatchObject({ service: "test", events: { consumers: [] } });
  const text = metricsText([await degradedMetric([up, down("event log", false)])]);
  expect(text).toContain('tributary_degraded{reason="store"} 0\n');
  expect(text).toContain('tributary_degraded{reason="event log"} 1\n');
});
