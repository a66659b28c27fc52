/**
 * Asks every subgraph once before the platform says that it runs: what does not answer now would fail at the first
 * request.
 */
import { IDENTITY_HEADER, type IdentitySigner } from "../../platform/auth/identity-header.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import type { SubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import type { HealthCheck } from "../../platform/http/health.ts";
import type { LifecyclePart } from "../../platform/lifecycle/lifecycle.ts";

export interface AnsweringOptions {
  readonly endpoints: readonly SubgraphEndpoint[];
  readonly checks: readonly HealthCheck[];
  readonly signer: IdentitySigner;
}

/**
 * Its start fails with AppError `SERVICE_UNAVAILABLE` naming each subgraph, and each critical dependency, that does not
 * answer.
 */
export function createAnsweringCheck({ endpoints, checks, signer }: AnsweringOptions): LifecyclePart {
  async function problemOf({ name, handle }: SubgraphEndpoint): Promise<string[]> {
    const header = await signer.sign(name, { kind: "SERVICE", service: "gateway" }, {});
    const { status, body } = await handle({ [IDENTITY_HEADER]: header }, { query: "{ __typename }" });
    if (body.data?.["__typename"] === "Query") return [];
    return [`the subgraph ${name}: ${body.errors?.[0]?.message ?? `HTTP ${status} without data`}`];
  }
  async function failureOf({ name, check }: HealthCheck): Promise<string[]> {
    try {
      await check();
      return [];
    } catch (error) {
      return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
    }
  }
  return {
    name: "answers of all subgraphs",
    async start() {
      const found = await Promise.all([
        ...endpoints.map(problemOf),
        ...checks.filter(({ critical }) => critical).map(failureOf),
      ]);
      const problems = found.flat();
      if (problems.length === 0) return;
      throw new AppError("SERVICE_UNAVAILABLE", `These do not answer:\n  ${problems.join("\n  ")}`);
    },
  };
}
