// What an organisation's operations of a minute may cost, by its plan: over HTTP, for the organisation and each of its
// client programs, and by all gateways together.
import { Redis } from "ioredis";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../../platform/clock.ts";
import { createIdSource } from "../../platform/ids.ts";
import { createGraphQLClient, type GraphQLAnswer } from "../support/client/graphql-client.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  startPlan,
} from "../support/client/new-member.ts";
import { serviceAddress } from "../support/services/service-addresses.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const QUERY = "query($id: ID!) { organization(id: $id) { name members(first: 10) { edges { node { id } } } } }";
const OF_ALL = "query_cost_per_minute";
const OF_CLIENT = "query_cost_per_minute_and_client";
/** How often the query may be asked in a minute. */
const ALL_TIMES = 20;
const CLIENT_TIMES = 5;
const CODE = "small-budget";

const costSchema = z.object({ cost: z.object({ estimated: z.number() }) });

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;
  let small: Account;
  let starter: Account;

  beforeAll(async () => {
    stack = await startStack(topology, { gateways: 2 });
    owner = await newMember(stack);
    small = await newOrganization(owner);
    starter = await newOrganization(owner);
    const { extensions } = await ask(small);
    await publishPlan(stack, costSchema.parse(extensions).cost.estimated);
    await attachCard(owner, small);
    await attachCard(owner, starter);
    await startPlan(owner, small, CODE);
    await startPlan(owner, starter);
  });
  afterAll(() => stack?.stop());

  /** Past what is kept: that costs nothing. @param gateway its number */
  function ask({ organizationId: id }: Account, clientName?: string, gateway = 0): Promise<GraphQLAnswer> {
    const { url } = stack.gateways[gateway % stack.gateways.length] ?? stack;
    const named = clientName === undefined ? {} : { "apollographql-client-name": clientName };
    const client = createGraphQLClient(`${url}/graphql`, owner.accessToken);
    return client.send(QUERY, { id }, { "cache-control": "no-cache", ...named });
  }

  /** Nobody waits for a plan: each gateway asks for it beside the first operations. */
  const untilRefused = (gateway: number, clientName?: string) =>
    waitFor(
      async () => {
        const answer = await ask(small, clientName, gateway);
        return answer.status === 429 ? answer : undefined;
      },
      { what: "the budget to be used up", intervalMs: 20 },
    );

  function expectRefusal(answer: GraphQLAnswer, budget: string): void {
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(answer.data).toBeUndefined();
    const { organizationId } = small;
    expect(answer.errors).toMatchObject([
      { extensions: { code: "RATE_LIMITED", limited: "budget", budget, organizationId, retryable: true } },
    ]);
  }

  test("a client program that has used up its budget is refused, then the whole organization; another goes on [S3]", async () => {
    for (const gateway of stack.gateways.keys()) {
      expectRefusal(await untilRefused(gateway, "batch"), OF_CLIENT);
      expect((await ask(small, "app", gateway)).status).toBe(200);
    }
    for (const gateway of stack.gateways.keys()) {
      expectRefusal(await untilRefused(gateway), OF_ALL);
      expectRefusal(await ask(small, "app", gateway), OF_ALL);
      expect(await ask(starter, "app", gateway)).toMatchObject({ status: 200, errors: undefined });
    }
    const page = await (await fetch(`${stack.url}/metrics`)).text();
    expect(page).toMatch(/^tributary_rate_limited_total\{limited="budget"\} [1-9]/m);
  });

  if (topology === "embedded") return;
  test("the minute ends for all gateways at once, and the next grants as much again [S3]", async () => {
    for (const gateway of stack.gateways.keys()) await untilRefused(gateway, "batch");
    const redis = new Redis(serviceAddress("redis"));
    onTestFinished(() => void redis.quit());
    const keys = await redis.keys(`*:rate:60:cost:${small.organizationId}*`);
    expect(keys.length).toBeGreaterThanOrEqual(2);
    for (const key of keys) {
      expect(await redis.pttl(key)).toBeGreaterThan(0);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
      // The end of the minute, without the wait for it.
      await redis.pexpire(key, 1);
    }
    await waitFor(async () => (await redis.exists(...keys)) === 0, { what: "the minute to end" });

    const statuses: number[] = [];
    for (let time = 0; time < CLIENT_TIMES; time += 1) statuses.push((await ask(small, "batch", time)).status);
    expect(statuses).toEqual(statuses.map(() => 200));
    expectRefusal(await ask(small, "batch", 0), OF_CLIENT);
    expectRefusal(await ask(small, "batch", 1), OF_CLIENT);
  });
});

async function publishPlan(stack: Stack, cost: number): Promise<void> {
  expect(cost).toBeGreaterThan(0);
  const client = new Client({ connectionString: stack.databaseOf("billing") });
  await client.connect();
  try {
    const features = [
      { key: OF_ALL, limit: String(ALL_TIMES * cost) },
      { key: OF_CLIENT, limit: String(CLIENT_TIMES * cost) },
    ];
    await client.query(
      `INSERT INTO plan (id, code, version, name, status, interval, currency, amount_minor, features)
       VALUES ($1, $2, 1, 'Small', 'PUBLISHED', 'MONTH', 'EUR', 100, $3)`,
      [createIdSource(systemClock).next("pln"), CODE, JSON.stringify(features)],
    );
  } finally {
    await client.end();
  }
}
