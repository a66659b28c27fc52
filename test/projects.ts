// The Vitest projects and the services each one needs. A project's services start only when one of its files is selected.
import type { ServiceName } from "./support/services/plan.ts";

export interface TestProjectPlan {
  readonly name: "unit" | "integration" | "conformance" | "e2e";
  readonly services: readonly ServiceName[];
  readonly timeoutMs: number;
  /** Workers; 1 means one file at a time. */
  readonly workers: number;
}

export const TEST_PROJECTS: readonly TestProjectPlan[] = [
  { name: "unit", services: [], timeoutMs: 30_000, workers: 2 },
  { name: "integration", services: ["postgres", "redis", "kafka"], timeoutMs: 30_000, workers: 2 },
  { name: "conformance", services: ["postgres", "redis", "kafka"], timeoutMs: 120_000, workers: 1 },
  { name: "e2e", services: ["postgres", "redis", "kafka", "chromium"], timeoutMs: 120_000, workers: 1 },
];

/** The services of the project with this name; none for a name that is no project. */
export function servicesOf(name: string): readonly ServiceName[] {
  return TEST_PROJECTS.find((project) => project.name === name)?.services ?? [];
}
