/**
 * Health of a process. `/live` fails when a restart would help. `/ready` fails when requests cannot be served; while
 * something else is wrong it answers 200 and "degraded". `/health` tells people the details.
 */
import type { FastifyInstance } from "fastify";
import { withDeadline } from "../deadline.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { labels, type Metric } from "./metrics-format.ts";

export interface HealthCheck {
  readonly name: string;
  /** A failing critical dependency makes the process unready; others only show as degraded. */
  readonly critical: boolean;
  /** Rejects with the reason when the dependency cannot be used. */
  check(): Promise<void>;
}

interface CheckResult {
  readonly status: "up" | "down";
  readonly reason?: string;
}

const CHECK_TIMEOUT_MS = 2_000;

export interface HealthOptions {
  readonly service: string;
  readonly release: string;
  readonly lifecycle: Pick<Lifecycle, "phase">;
  readonly checks: readonly HealthCheck[];
  /** Why only a restart would help; default: nothing ever needs one. The loss of another service is no reason. */
  readonly restartReason?: (() => string | undefined) | undefined;
  /** What `/health` tells besides. */
  readonly details?: (() => Readonly<Record<string, unknown>>) | undefined;
}

export function registerHealthRoutes(server: FastifyInstance, options: HealthOptions): void {
  server.get("/live", async (_request, reply) => {
    const reason = options.restartReason?.();
    return reason === undefined ? { status: "live" } : reply.status(503).send({ status: "stuck", reason });
  });
  server.get("/ready", async (_request, reply) => {
    const report = await inspect(options);
    return reply.status(report.ready ? 200 : 503).send(report);
  });
  server.get("/health", async () => ({
    service: options.service,
    release: options.release,
    uptimeSeconds: Math.round(process.uptime()),
    ...(await inspect(options)),
    ...options.details?.(),
  }));
}

/** 1 for each dependency that is down now, by its name in the report. */
export async function degradedMetric(checks: readonly HealthCheck[]): Promise<Metric> {
  const results = await Promise.all(checks.map(async (check) => [check.name, await run(check)] as const));
  return {
    type: "gauge",
    name: "tributary_degraded",
    help: "1 while something does not work as it should, by what that is",
    samples: results.map(([reason, { status }]) => [labels({ reason }), status === "up" ? 0 : 1]),
  };
}

/** Do the dependencies hold without which nothing can be answered? */
export async function canServe(checks: readonly HealthCheck[]): Promise<boolean> {
  const results = await Promise.all(checks.filter(({ critical }) => critical).map(run));
  return results.every(({ status }) => status === "up");
}

async function inspect({ lifecycle, checks }: HealthOptions) {
  const results = await Promise.all(checks.map(async (check) => [check, await run(check)] as const));
  const dependencies = Object.fromEntries(results.map(([check, result]) => [check.name, result]));
  const blocked = results.some(([check, result]) => check.critical && result.status === "down");
  const degraded = results.some(([, result]) => result.status === "down");
  const ready = lifecycle.phase === "running" && !blocked;
  return { status: ready ? (degraded ? "degraded" : "ready") : "unready", phase: lifecycle.phase, ready, dependencies };
}

async function run(check: HealthCheck): Promise<CheckResult> {
  try {
    await withDeadline(check.check(), CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`);
    return { status: "up" };
  } catch (error) {
    return { status: "down", reason: error instanceof Error ? error.message : String(error) };
  }
}
