// Two processes of the billing subgraph behind the registry: they are killed, started and stopped while reads flow.
import { afterAll, beforeAll, expect, test } from "vitest";
import { runArrivals } from "../load/arrivals.ts";
import { createLoadClient, type LoadClient, patient } from "../load/http-client.ts";
import { createOperationLog } from "../load/operation-log.ts";
import type { PlannedRequest } from "../load/operations.ts";
import { populate, type Tenant } from "../load/population.ts";
import { sendPlanned } from "../load/send-planned.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const LEASE_MS = 6_000;
const PER_SECOND = 20;
const READ = `query Billing($id: ID!, $first: Int!) { organization(id: $id) { id
  billingAccount { id currency invoices(first: $first) { edges { node { id number status } } } } } }`;

let stack: Stack;
let tenants: readonly Tenant[];
let client: LoadClient;

beforeAll(async () => {
  const settings = {
    SERVICE_LEASE_MS: String(LEASE_MS),
    RATE_LIMIT_POINTS: "1000000",
    // Reads are to reach billing, again and again.
    ENTITY_CACHE_MB: "0",
    RESPONSE_CACHE_MB: "0",
  };
  stack = await startStack("distributed", { settings });
  ({ tenants } = await populate(stack, 4, 0));
  // A machine that is busy with other tests has no room at times; that is no fault of an instance.
  client = patient(createLoadClient(stack.url));
});
afterAll(async () => {
  client?.close();
  await stack?.stop();
});

function readOf(tenant: Tenant, number: number): PlannedRequest {
  const variables = { id: tenant.organizationId, first: 1 + (number % 50) };
  return {
    name: "Billing",
    kind: "read",
    body: JSON.stringify({ query: READ, variables }),
    accept: (data) => expect(data).toMatchObject({ organization: { billingAccount: { currency: "EUR" } } }),
  };
}

/** A metric of billing's instances by their names. */
async function metric(name: string): Promise<ReadonlyMap<string, number>> {
  const page = await (await fetch(`${stack.url}/metrics`)).text();
  const lines = page.matchAll(/^tributary_subgraph_(\w+)\{subgraph="billing",target="([^"]+)"\} (\S+)$/gm);
  return new Map(
    [...lines].flatMap(([, found, target, value]) => (found === name ? [[target ?? "", Number(value)]] : [])),
  );
}

async function targets(): Promise<readonly string[]> {
  return [...(await metric("requests_total")).keys()];
}

/** Until billing has these instances, and each of them has taken so many more calls. @returns the instances */
async function untilAllTakeCalls(count: number, more: number): Promise<readonly string[]> {
  const before = await metric("requests_total");
  const taking = async () => {
    const now = await metric("requests_total");
    if (now.size !== count) return undefined;
    return [...now].every(([target, calls]) => calls >= (before.get(target) ?? 0) + more) ? [...now.keys()] : undefined;
  };
  return waitFor(taking, { what: `${count} instances to take ${more} calls`, deadlineMs: 60_000 });
}

test("billing's instances are started, killed, started again and stopped under load, and no read fails [S6] [S64] [S66] [S67] [S69]", async () => {
  const log = createOperationLog();
  let number = 0;
  let over = false;
  const load = runArrivals({
    perSecond: PER_SECOND,
    seconds: 300,
    enough: () => over,
    begin(due) {
      number += 1;
      const tenant = tenants[number % tenants.length];
      if (tenant === undefined) throw new Error("nobody reads");
      return sendPlanned(client, tenant, readOf(tenant, number), due, log);
    },
  });
  let most = 0;
  const watching = setInterval(() => {
    metric("pool_sockets").then(
      (sockets) => {
        most = Math.max(most, ...sockets.values());
      },
      () => undefined,
    );
  }, 100);
  try {
    const [first] = await untilAllTakeCalls(1, 20);

    // A new instance takes its share without a restart of the gateway.
    const second = await stack.startAnother("billing");
    const both = await untilAllTakeCalls(2, 30);
    expect(both).toContain(first);

    // One dies without a word: its breaker opens, its calls go to the other, its lease ends.
    await stack.processOf("billing").crash();
    const opened = async () => ((await metric("breaker_opened_total")).get(first ?? "") ?? 0) > 0;
    await waitFor(opened, { what: "the breaker of the dead instance to open", intervalMs: 10 });
    expect((await metric("retries_total")).get(both.find((target) => target !== first) ?? "")).toBeGreaterThan(0);
    await waitFor(async () => !(await targets()).includes(first ?? ""), {
      what: "its lease to end",
      deadlineMs: 10 * LEASE_MS,
    });

    // It comes back in a life of its own, and the other leaves as it should.
    await stack.processOf("billing").restart();
    const [third] = (await untilAllTakeCalls(2, 30)).filter((target) => !both.includes(target));
    expect(third).toBeDefined();
    const { code } = await second.kill("SIGTERM");
    expect(code).toBe(0);
    await waitFor(async () => (await targets()).join() === third, {
      what: "the stopped instance to be gone",
    });
    await untilAllTakeCalls(1, 30);
  } finally {
    clearInterval(watching);
    over = true;
    await load;
  }
  expect(log.samples).toEqual([]);
  expect(log.failures).toEqual({ connection: 0, status: 0, answer: 0 });
  expect(log.reads.count).toBeGreaterThan(PER_SECOND * 5);
  const [size] = (await metric("pool_size")).values();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(size ?? 0);
  expect([...(await metric("in_flight")).values()]).toEqual([0]);
});

test("people see how subgraphs are called and by whom they are answered, but no address [S63]", async () => {
  const page = await (await fetch(`${stack.url}/services`)).json();
  const named = page.services.find(({ subgraph }: { subgraph: string }) => subgraph === "billing");
  expect(named).toMatchObject({
    policy: { retryDelaysMs: [1_000, 2_000], breakerShare: 0.5 },
    instances: [{ release: "dev", breaker: "CLOSED", inFlight: 0 }],
  });
  expect(JSON.stringify(page)).not.toMatch(/127\.0\.0\.1|http:/);
});
