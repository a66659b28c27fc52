// One service of the platform is dead: what callers still get, and how operators find what happened, by one id over all
// services' logs.
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import { type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

let stack: Stack;
let owner: Member;
let organizationId: string;

beforeAll(async () => {
  stack = await startStack("distributed", { settings: { SUBGRAPH_RETRIES: "50" } });
  owner = await newMember(stack);
  ({ organizationId } = await newOrganization(owner));
});
afterAll(() => stack?.stop());

/** Billing is to be dead; the user and the audit subgraph each refuse a part of it. */
const QUERY = `query($id: ID!) {
  organization(id: $id) {
    name
    billingAccount { currency }
    auditLog(first: 1, after: "forged") { edges { node { id } } }
  }
  stranger: organization(slug: "nobody-knows-it") { name }
}`;
const CODES = ["SERVICE_UNAVAILABLE", "BAD_USER_INPUT", "NOT_FOUND"];

const answerSchema = z.object({
  data: z.unknown(),
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string(), traceId: z.string() }) })),
});

/** Errors of a code that left the gateway so far. */
async function errorCount(code: string): Promise<number> {
  const page = await (await fetch(`${stack.url}/metrics`)).text();
  return Number(new RegExp(`^tributary_errors_total\\{code="${code}"\\} (\\d+)$`, "m").exec(page)?.[1] ?? 0);
}

/** Log lines of a service that belong to a trace. */
async function linesOf(service: string, traceId: string): Promise<string[]> {
  const output = await stack.processOf(service).current().output();
  return output.split("\n").filter((line) => line.includes(`"traceId":"${traceId}"`));
}

test("when billing is dead the rest still arrives, and one trace id finds what went wrong in the log of every service that was asked [S29] [S30]", async () => {
  await stack.processOf("billing").crash();
  const before = await Promise.all(CODES.map(errorCount));
  const { traceId, spanId } = newTrace();
  const response = await fetch(`${stack.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${owner.accessToken}`,
      traceparent: `00-${traceId}-${spanId}-01`,
    },
    body: JSON.stringify({ query: QUERY, variables: { id: organizationId } }),
  });
  const { data, errors } = answerSchema.parse(await response.json());

  expect(data).toEqual({
    organization: { name: "Test Works", billingAccount: null, auditLog: null },
    stranger: null,
  });
  expect(errors.map(({ extensions }) => extensions.code).sort()).toEqual(CODES.toSorted());
  for (const { extensions } of errors) expect(extensions.traceId).toBe(traceId);
  expect(errors.find(({ extensions }) => extensions.code === "SERVICE_UNAVAILABLE")?.message).toContain("billing");
  // The gateway itself asks billing, too, what the organisation's plan grants.
  for (const [index, count] of (await Promise.all(CODES.map(errorCount))).entries()) {
    expect(count).toBeGreaterThan(before[index] ?? Number.NaN);
  }

  const logged = { gateway: "a subgraph did not answer", user: "NOT_FOUND", audit: "BAD_USER_INPUT" } as const;
  for (const service of ["gateway", "user", "audit"] as const) {
    await waitFor(async () => (await linesOf(service, traceId)).some((line) => line.includes(logged[service])), {
      what: `${logged[service]} in the log of ${service}`,
    });
    for (const line of await linesOf(service, traceId)) expect(line.split('"traceId":'), line).toHaveLength(2);
  }
});
