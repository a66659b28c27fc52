// A rolling deploy as its clients live it: gateways behind a balancer are stopped by SIGTERM and started again, one
// after the other, while requests and live events flow. `npm run load -- deploy` prints what came of it, a conformance
// test judges it in small.
import { Client } from "pg";
import { type Balancer, startBalancer } from "../support/balancer.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { Stack, StackProcess } from "../support/stack/stack.ts";
import { startStopwatch } from "../support/stopwatch.ts";
import { waitFor } from "../support/wait.ts";
import type { Exit } from "../support/watched-child.ts";
import { runArrivals } from "./arrivals.ts";
import { createLoadClient } from "./http-client.ts";
import { createFollowFigures, type Follower, type FollowFigures, follow } from "./live/follower.ts";
import { type Sum, sumOf } from "./live/receipts.ts";
import { createOperationLog, type OperationLog } from "./operation-log.ts";
import { attachCard, nextRequest } from "./operations.ts";
import { populate, type Tenant } from "./population.ts";
import { sendPlanned } from "./send-planned.ts";
import { headOf, readHeads } from "./stream-heads.ts";

export interface RollingPlan {
  readonly sockets: number;
  readonly perSecond: number;
  readonly tenants: number;
  /** Load before, between and after the stops, in milliseconds. */
  readonly calmMs: number;
}

export interface GatewayStop {
  /** What `/ready` answered first that was not 200, and how long after SIGTERM; 0: nobody answered any more. */
  readonly unready: { readonly status: number; readonly afterMs: number };
  /** A request that was under way at SIGTERM and ended after `/ready` had changed. */
  readonly held: HeldAnswer;
  /** From SIGTERM to the end of the last socket. */
  readonly lastCloseMs: number;
  readonly exit: Exit;
  readonly exitMs: number;
}

export interface HeldAnswer {
  /** 0: none came. */
  readonly status: number;
  /** Header: whether the client may use the connection again. */
  readonly connection: string | null;
}

export interface RollingOutcome {
  readonly stops: readonly GatewayStop[];
  readonly requests: OperationLog;
  readonly figures: FollowFigures;
  readonly delivery: Sum;
  /** Events that the stores have and a subscriber has not. */
  readonly lost: number;
  readonly problems: readonly string[];
  /** Connections that the balancer could give to nobody. */
  readonly refused: number;
}

const OPERATION = `subscription Billing($org: ID!) { billingEvents(organizationId: $org) {
  sequence type occurredAt actor { displayName }
  event { __typename ... on InvoiceChanged { toStatus invoice { id number status } } ... on PaymentChanged { toStatus } } } }`;
const WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
const OPENED_AT_ONCE = 50;
const STOP_DEADLINE_MS = 20_000;
const SETTLE_DEADLINE_MS = 20_000;
/** The load ends when the deploy has; this ends it should that hang. */
const LONGEST_SECONDS = 600;

export async function runRollingDeploy(stack: Stack, plan: RollingPlan): Promise<RollingOutcome> {
  const backends = stack.gateways.map(({ url }) => url);
  const balancer = await startBalancer({ backends });
  const client = createLoadClient(balancer.url);
  const billing = new Client({ connectionString: stack.databaseOf("billing") });
  await billing.connect();
  const followers: { readonly tenant: Tenant; readonly follower: Follower }[] = [];
  try {
    const { planId, tenants } = await populate({ ...stack, url: balancer.url }, plan.tenants + 1, 0);
    const [aside, ...busy] = tenants;
    if (aside === undefined) throw new Error("a deploy needs somebody whose request is under way");
    const figures = createFollowFigures();
    const newest = new Map<Tenant, number>();
    for (let from = 0; from < plan.sockets; from += OPENED_AT_ONCE) {
      const opening = Array.from({ length: Math.min(OPENED_AT_ONCE, plan.sockets - from) }, async (_, index) => {
        const tenant = busy[(from + index) % busy.length] ?? aside;
        followers.push({ tenant, follower: await followTenant(balancer, tenant, figures, newest) });
      });
      await Promise.all(opening);
    }

    /** Until every subscriber has the newest committed event. @returns what the stores have */
    async function settle(): Promise<Map<string, number>> {
      const has = async () => {
        const heads = await readHeads(billing);
        const all = followers.every(({ tenant, follower }) => follower.receipts.last >= headOf(heads, tenant));
        return all ? heads : undefined;
      };
      const settled = waitFor(has, { what: "everything to arrive", deadlineMs: SETTLE_DEADLINE_MS, intervalMs: 100 });
      return settled.catch(() => readHeads(billing));
    }

    // Everybody's stream has an event before anything happens: from that one on, none may be missing.
    const first = createOperationLog();
    await Promise.all(busy.map((one) => sendPlanned(client, one, attachCard(one), performance.now(), first)));
    await settle();

    const requests = createOperationLog();
    const random = seededRandom(3);
    let over = false;
    const load = runArrivals({
      perSecond: plan.perSecond,
      seconds: LONGEST_SECONDS,
      enough: () => over,
      begin(due) {
        const { tenant, planned } = nextRequest({ tenants: busy, planId }, random);
        return sendPlanned(client, tenant, planned, due, requests);
      },
    });
    const stops: GatewayStop[] = [];
    try {
      for (const gateway of stack.gateways) {
        await pause(plan.calmMs);
        stops.push(await stopGateway(stack, gateway, aside, figures));
        await gateway.restart();
        await balancer.waitUntilReady([gateway.url]);
        const back = () => followers.every(({ follower }) => follower.following);
        await waitFor(back, { what: "every subscriber", deadlineMs: SETTLE_DEADLINE_MS }).catch(() => false);
      }
      await pause(plan.calmMs);
    } finally {
      over = true;
      await load;
    }
    const heads = await settle();
    const all = followers.map(({ follower }) => follower);
    const delivery = sumOf(all.map(({ receipts }) => receipts));
    const behind = followers.map(({ tenant, follower }) => Math.max(0, headOf(heads, tenant) - follower.receipts.last));
    return {
      stops,
      requests,
      figures,
      delivery,
      lost: delivery.gaps + behind.reduce((sum, count) => sum + count, 0),
      problems: [...first.samples, ...all.flatMap(({ problems }) => problems)],
      refused: balancer.refused,
    };
  } finally {
    for (const { follower } of followers) follower.leave();
    client.close();
    await billing.end();
    await balancer.stop();
  }
}

function followTenant(
  balancer: Balancer,
  tenant: Tenant,
  figures: FollowFigures,
  newest: Map<Tenant, number>,
): Promise<Follower> {
  return follow({
    url: balancer.socketUrl,
    token: tenant.member.accessToken,
    operation: { query: OPERATION, variables: { org: tenant.organizationId } },
    figures,
    newest: () => newest.get(tenant) ?? 0,
    onFrame: (sequence) => void newest.set(tenant, Math.max(sequence, newest.get(tenant) ?? 0)),
  });
}

async function stopGateway(
  stack: Stack,
  gateway: StackProcess,
  aside: Tenant,
  figures: FollowFigures,
): Promise<GatewayStop> {
  const held = await holdRequest(stack, gateway, aside);
  const since = performance.now();
  // This process makes the load, too: what it could not see itself is not the gateway's time.
  const stopwatch = startStopwatch();
  const exiting = gateway
    .current()
    .kill("SIGTERM", STOP_DEADLINE_MS)
    .then((exit) => ({ exit, exitMs: stopwatch.ms() }))
    .finally(() => stopwatch.stop());
  exiting.catch(() => undefined);
  const status = await waitFor(() => statusUnless200(gateway), { what: "/ready to change", intervalMs: 20 });
  const unready = { status: Number(status), afterMs: stopwatch.ms() };
  const answer = await held.release();
  const { exit, exitMs } = await exiting;
  return { unready, held: answer, exit, exitMs, lastCloseMs: figures.lastCloseAt - since };
}

/** As a text, since 0 would read as "not yet". */
async function statusUnless200({ url }: StackProcess): Promise<string | undefined> {
  const answer = await fetch(`${url}/ready`, { headers: { connection: "close" } }).catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.status === 200) return undefined;
  return String(answer?.status ?? 0);
}

/** A request straight to the gateway that waits for a row lock. `release` resolves to its answer. */
async function holdRequest(stack: Stack, gateway: StackProcess, tenant: Tenant) {
  const { organizationId: id, version: expectedVersion, member } = tenant;
  const holder = new Client({ connectionString: stack.databaseOf("user") });
  await holder.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT 1 FROM organization WHERE id = $1 FOR UPDATE", [id]);
  const waiting = async () => {
    const { rows } = await holder.query(WAITING);
    return rows.length > 0;
  };
  const query =
    "mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { organization { version } } }";
  const answer = fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${member.accessToken}` },
    body: JSON.stringify({ query, variables: { input: { id, expectedVersion, name: `Held ${expectedVersion}` } } }),
  }).then(
    async (response) => {
      tenant.version += 1;
      const text = await response.text();
      if (text.includes('"errors"')) throw new Error(text);
      return { status: response.status, connection: response.headers.get("connection") };
    },
    () => ({ status: 0, connection: null }),
  );
  answer.catch(() => undefined);
  await waitFor(waiting, { what: "a request under way" });
  return {
    async release(): Promise<HeldAnswer> {
      await holder.query("COMMIT");
      await holder.end();
      return answer;
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
