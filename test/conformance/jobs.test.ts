// Renewals as a job: the process that renews is killed while it works, and goes on where it was. Each subscription is
// invoiced once, operators watch the run live, and its end is told once.
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { createIdSource } from "../../platform/ids.ts";
import { DEFAULT_PACE } from "../../platform/jobs/job-pace.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type Member, newMember, planId, signIn } from "../support/client/new-member.ts";
import { namedId } from "../support/identities.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

const RENEWALS = sizeOf("jobRenewals");
const KILLS = 3;
const CHUNKS = Math.ceil(RENEWALS / DEFAULT_PACE.itemsPerChunk);
/** A lease ends, a process starts, and a slow machine renews ten a second. */
const PATIENCE_MS = 60_000 + RENEWALS * 100;
const OPERATORS = namedId("org", "operators of jobs");
const DAY_MS = 86_400_000;

const ids = createIdSource(systemClock);
let stack: Stack;
let operator: Member;

beforeAll(async () => {
  stack = await startStack("distributed", { settings: { OPERATOR_ORGANIZATION_ID: OPERATORS } });
  operator = await newOperator();
});
afterAll(() => stack?.stop());

/** Someone who manages the organisation that the installation names as its operators'. */
async function newOperator(): Promise<Member> {
  const person = await newMember(stack, "Olga Operator");
  const [roleId, membershipId] = [namedId("rol", person.userId), namedId("mem", person.userId)];
  const statements: readonly (readonly [string, readonly unknown[]])[] = [
    [
      `INSERT INTO organization (id, slug, name, status, created_at, updated_at)
       VALUES ($1, 'job-operators', 'Operators', 'ACTIVE', now(), now())`,
      [OPERATORS],
    ],
    [
      `INSERT INTO role (id, organization_id, name, permissions, built_in)
       VALUES ($1, $2, 'OWNER', '{organization.read,organization.manage,audit.read}', true)`,
      [roleId, OPERATORS],
    ],
    [
      "INSERT INTO membership (id, organization_id, user_id, founder, joined_at) VALUES ($1, $2, $3, true, now())",
      [membershipId, OPERATORS, person.userId],
    ],
    [
      "INSERT INTO membership_role (membership_id, role_id, organization_id) VALUES ($1, $2, $3)",
      [membershipId, roleId, OPERATORS],
    ],
  ];
  for (const [sql, parameters] of statements) await rowsOf(stack, "user", sql, parameters);
  return signIn(stack, person);
}

/** Accounts without a card, each with a plan whose period has just ended; all of them at one moment. */
async function subscribe(count: number): Promise<void> {
  const plan = await planId(operator.client, "team");
  const [start, end] = [new Date(Date.now() - 20 * DAY_MS), new Date(Date.now() - 60_000)];
  const rows = Array.from({ length: count }, () => ({
    organization: ids.next("org"),
    account: ids.next("acc"),
    subscription: ids.next("sub"),
  }));
  await rowsOf(
    stack,
    "billing",
    `WITH customer AS (
       SELECT * FROM json_to_recordset($1::json) AS customer (organization text, account text, subscription text)
     ), account AS (
       INSERT INTO billing_account (id, organization_id, currency) SELECT account, organization, 'EUR' FROM customer
     )
     INSERT INTO billing_subscription (id, organization_id, account_id, plan_id, status, quantity,
       current_period_start, current_period_end, anchored_at, created_at)
     SELECT subscription, organization, account, $2, 'ACTIVE', 1, $3::timestamptz, $4::timestamptz, $3::timestamptz,
       $3::timestamptz
     FROM customer`,
    [JSON.stringify(rows), plan, start.toISOString(), end.toISOString()],
  );
}

interface Run {
  readonly id: string;
  readonly status: string;
  readonly itemsTotal: number;
  readonly itemsDone: number;
  readonly itemsFailed: number;
  readonly chunksDone: number;
  readonly chunksTotal: number;
  readonly notifiedAt: string | null;
}

interface Message {
  readonly auditEvents: { readonly type: string; readonly event: { readonly run?: Run | null } };
}

const RUN = "id status itemsTotal itemsDone itemsFailed chunksTotal chunksDone notifiedAt";

const doneNow = async () => {
  const [row] = await rowsOf<{ done: number }>(stack, "billing", "SELECT max(chunks_done) AS done FROM job_run");
  return row?.done ?? 0;
};

test(`${RENEWALS} renewals: the job is killed three times, each subscription is invoiced once, progress is seen live, and the end is told once [S110]`, {
  timeout: 120_000 + PATIENCE_MS,
}, async () => {
  const live = createLiveClient({ url: `${stack.url.replace("http", "ws")}/graphql`, token: operator.accessToken });
  const stream = await live.subscribe<Message>(
    `subscription($id: ID!) { auditEvents(organizationId: $id) { type event { ... on JobChanged { run { ${RUN} } } } } }`,
    { id: OPERATORS },
  );
  await subscribe(RENEWALS);
  const billing = stack.processOf("billing");
  for (let kills = 0; kills < KILLS; kills += 1) {
    const enough = Math.ceil((CHUNKS * (kills + 1)) / (KILLS + 2));
    const isThere = async () => (await doneNow()) >= enough;
    await waitFor(isThere, { what: `${enough} chunks`, deadlineMs: PATIENCE_MS, intervalMs: 5 });
    await billing.crash();
    await billing.restart();
  }
  // It was killed while it worked, not behind its end.
  const open = await rowsOf(stack, "billing", "SELECT 1 FROM job_run WHERE status = 'RUNNING'");
  expect(open).toHaveLength(1);
  const ended = ({ auditEvents }: Message) => auditEvents.event.run?.notifiedAt != null;
  const last = await stream.waitFor("the end of the run", ended, PATIENCE_MS);
  const run = last.data?.auditEvents.event.run;
  expect(run).toMatchObject({ status: "COMPLETED", itemsTotal: RENEWALS, itemsDone: RENEWALS, itemsFailed: 0 });
  const seen = stream.messages.flatMap(({ data }) => data?.auditEvents.event.run?.itemsDone ?? []);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(new Set(seen.filter((done) => done > 0 && done < RENEWALS)).size).toBeGreaterThan(1);

  const invoices = await rowsOf(
    stack,
    "billing",
    `SELECT count(*)::int AS invoices, count(DISTINCT subscription_id)::int AS invoiced,
       count(DISTINCT billing_subscription.id) FILTER (WHERE current_period_end > now())::int AS renewed
     FROM invoice JOIN billing_subscription ON billing_subscription.id = subscription_id`,
  );
  expect(invoices).toEqual([{ invoices: RENEWALS, invoiced: RENEWALS, renewed: RENEWALS }]);
  const told = await waitFor(
    async () => {
      const entries = await rowsOf<{ action: string; amount: number }>(
        stack,
        "audit",
        `SELECT action, count(*)::int AS amount FROM audit_entry
         WHERE tenant_id = 'platform' AND action LIKE 'billing.job.%' GROUP BY action`,
      );
      const amounts = Object.fromEntries(entries.map(({ action, amount }) => [action, amount]));
      return amounts["billing.job.finished"] !== undefined && amounts;
    },
    { what: "the entry of its end" },
  );
  expect(told).toMatchObject({ "billing.job.started": 1, "billing.job.finished": 1 });
  const { jobRuns } = await operator.client.request<{ jobRuns: { edges: { node: Run }[] } }>(
    `{ jobRuns(first: 10) { edges { node { ${RUN} } } } }`,
  );
  expect(jobRuns.edges.map(({ node }) => node)).toEqual([run]);
  await live.close();
});

test("a member of the operators' organisation who is no operator learns nothing of a run [S110]", async () => {
  const member = await newMember(stack, "Mia Member");
  const [roleId, membershipId] = [namedId("rol", member.userId), namedId("mem", member.userId)];
  await rowsOf(
    stack,
    "user",
    `INSERT INTO role (id, organization_id, name, permissions, built_in)
     VALUES ($1, $2, 'READER', '{organization.read,audit.read}', false)`,
    [roleId, OPERATORS],
  );
  await rowsOf(
    stack,
    "user",
    "INSERT INTO membership (id, organization_id, user_id, founder, joined_at) VALUES ($1, $2, $3, false, now())",
    [membershipId, OPERATORS, member.userId],
  );
  await rowsOf(
    stack,
    "user",
    "INSERT INTO membership_role (membership_id, role_id, organization_id) VALUES ($1, $2, $3)",
    [membershipId, roleId, OPERATORS],
  );
  const reader = await signIn(stack, member);
  const url = `${stack.url.replace("http", "ws")}/graphql`;
  const live = createLiveClient({ url, token: reader.accessToken });
  const query = `subscription($id: ID!) { auditEvents(organizationId: $id) { type event { __typename ... on JobChanged { run { ${RUN} } } } } }`;
  const stream = await live.subscribe<Message>(query, { id: OPERATORS });
  await subscribe(1);
  const [message] = await stream.waitForCount(1);
  expect(message?.data?.auditEvents).toEqual({
    type: "audit.job.changed.v1",
    event: { __typename: "JobChanged", run: null },
  });
  const answer = await reader.client.send(`{ jobRuns(first: 1) { totalCount } }`, {});
  expect(answer.errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
  await live.close();
});
