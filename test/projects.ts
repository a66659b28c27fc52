// The Vitest projects and the services each one needs. A project's services start only when one of its files is
// selected.
import type { ServiceName } from "./support/services/plan.ts";

export interface TestProjectPlan {
  readonly name: "unit" | "integration" | "conformance" | "conformance-in-pairs" | "e2e";
  /** Patterns below test/. */
  readonly files: readonly string[];
  readonly except?: readonly string[];
  readonly services: readonly ServiceName[];
  readonly timeoutMs: number;
  /** Workers; 1 means one file at a time. */
  readonly workers: number;
}

/**
 * They bound no time tightly and fault their own processes only: two at a time, since they mostly wait. Every other has
 * the machine alone.
 */
const IN_PAIRS = [
  "consumer-churn",
  "committed-equals-delivered",
  "random-kills",
  "soak",
  "organization-saga",
  "saga-kills",
  "audit-database-away",
  "resume-after-drop",
  "own-streams",
  "plan-caps",
  "audience",
  "snapshot",
  "dead-letters",
  "enrichment",
  "tenant-isolation",
  "api-keys",
  "mail-webhook",
  "hostile-input",
  "correlated-errors",
  "named-operations",
  "no-card-numbers",
  "payment-webhook",
  "printed-invoice",
  "shapes",
  "added-subgraph",
].map((name) => `conformance/${name}.test.ts`);

/**
 * They wait long in few lines, while Vitest would begin with the largest files: begun last, they would be waited for
 * alone.
 */
export const BEGUN_FIRST = [
  "integration/events/event-log-kafka-faults.test.ts",
  "integration/gateway/cache/command-reads.test.ts",
  "integration/gateway/live/schedules.test.ts",
  "integration/platform/cache/layered-cache-schedules.test.ts",
  "conformance/consumer-churn.test.ts",
  "conformance/added-subgraph.test.ts",
  "conformance/soak.test.ts",
  "conformance/committed-equals-delivered.test.ts",
];

const STORES: readonly ServiceName[] = ["postgres", "redis", "kafka"];

export const TEST_PROJECTS: readonly TestProjectPlan[] = [
  { name: "unit", files: below("unit"), services: [], timeoutMs: 60_000, workers: 2 },
  { name: "integration", files: below("integration"), services: STORES, timeoutMs: 120_000, workers: 2 },
  { name: "conformance-in-pairs", files: IN_PAIRS, services: STORES, timeoutMs: 120_000, workers: 2 },
  {
    name: "conformance",
    files: below("conformance"),
    except: IN_PAIRS,
    services: STORES,
    timeoutMs: 120_000,
    workers: 1,
  },
  { name: "e2e", files: below("e2e"), services: [...STORES, "chromium"], timeoutMs: 120_000, workers: 2 },
];

/** The services of the project with this name; none for a name that is no project. */
export function servicesOf(name: string): readonly ServiceName[] {
  return TEST_PROJECTS.find((project) => project.name === name)?.services ?? [];
}

function below(folder: string): readonly string[] {
  return [`${folder}/**/*.test.{ts,tsx}`];
}
