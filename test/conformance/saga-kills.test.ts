// S89, S90: whoever coordinates sagas, and whoever carries out their steps, is killed at any point. Each saga is
// complete in the end, or undone, and none stays open past its deadline.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGraphQLClient } from "../support/client/graphql-client.ts";
import { tokenFromMail } from "../support/client/mailbox-client.ts";
import { newMember } from "../support/client/new-member.ts";
import { createWithPlan, endOfSaga, type Provisioned, stepsOf } from "../support/client/provisioning.ts";
import { randomOfTest } from "../support/random-of-test.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

const REGISTRATIONS = sizeOf("sagaRegistrations");
const AT_ONCE = 3;
const RECOVERY_MS = 120_000;
const DEADLINE_SECONDS = 600;
const LONGEST_PAUSE_MS = 300;

let stack: Stack;

beforeAll(async () => {
  const settings = {
    RATE_LIMIT_POINTS: "1000000",
    SAGA_RETRY_SECONDS: "2",
    SAGA_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
    SANDBOX_PROVIDER_DELAY_MS: "500",
  };
  stack = await startStack("distributed", { settings });
});
afterAll(() => stack?.stop());

const PAID = ["organization", "billing_account", "payment_method", "subscription", "activation"];

/** The card, and the step and state at which the coordinator is killed, as soon as the database says so. */
const KILLED_AT: readonly (readonly [card: string, step: string, state: string])[] = [
  ...PAID.slice(0, -1).map((step) => ["tok_visa", step, "DONE"] as const),
  ["tok_declined", "subscription", "COMPENSATED"],
  ["tok_declined", "payment_method", "COMPENSATED"],
  ["tok_declined", "billing_account", "COMPENSATED"],
];

test.each(KILLED_AT)(
  "the coordinator is killed when, with %s, the step %s is %s: another one goes on to the end [S89] [S90]",
  {
    timeout: 180_000,
  },
  async (token, step, state) => {
    const owner = await newMember(stack, "Kim Killed");
    const { organization, saga } = await createWithPlan(owner, "team", token);
    const isThere = async () => {
      const sql = "SELECT 1 FROM saga_step WHERE saga_id = $1 AND name = $2 AND state = ANY ($3)";
      return (await rowsOf(stack, "user", sql, [saga.id, step, [state, "COMPENSATED"]])).length > 0;
    };
    await waitFor(isThere, { what: `${step} ${state}`, deadlineMs: RECOVERY_MS, intervalMs: 1 });
    const coordinator = stack.processOf("user");
    await coordinator.crash();
    await coordinator.restart();
    const end = await waitFor(() => endOfSaga(owner, organization.id, RECOVERY_MS), {
      what: "the end of the saga",
      deadlineMs: RECOVERY_MS,
    });
    expectWholeOrNothing(end, token === "tok_visa");
  },
);

function expectWholeOrNothing(end: Provisioned, whole: boolean): void {
  expect([end.status, end.provisioning.state]).toEqual(whole ? ["ACTIVE", "COMPLETED"] : ["CLOSED", "COMPENSATED"]);
  if (whole) expect(stepsOf(end)).toEqual(PAID.map((step) => `${step} DONE`));
}

/** As if so much time had passed. */
const endTime = (sagaId: string) =>
  rowsOf(stack, "user", "UPDATE saga SET deadline = now(), wake_at = now() WHERE id = $1", [sagaId]);

test("what is not done by its deadline is undone, also when nobody answers until then [S90]", {
  timeout: 180_000,
}, async () => {
  const owner = await newMember(stack, "Lea Late");
  const billing = stack.processOf("billing");
  await billing.crash();
  const { organization, saga } = await createWithPlan(owner, "team", "tok_visa");
  await endTime(saga.id);
  const turned = async () => {
    const { provisioning } = await owner.client
      .send<{ organization: Pick<Provisioned, "provisioning"> }>(
        "query($id: ID!) { organization(id: $id) { provisioning { state failure } } }",
        { id: organization.id },
      )
      .then(({ data }) => data?.organization ?? { provisioning: undefined });
    return provisioning?.state === "COMPENSATING" && provisioning;
  };
  expect((await waitFor(turned, { what: "the saga to turn back", deadlineMs: RECOVERY_MS })).failure).toBe(
    "It was not done in time.",
  );
  await billing.restart();
  const end = await endOfSaga(owner, organization.id, RECOVERY_MS);
  expect([end.status, end.provisioning.state]).toEqual(["CLOSED", "COMPENSATED"]);
  const accounts = await rowsOf(
    stack,
    "billing",
    "SELECT 1 FROM billing_account WHERE organization_id = $1 AND status <> 'CLOSED'",
    [organization.id],
  );
  expect(accounts).toEqual([]);
});

test.each(["tok_slow", "tok_slow_declined"])(
  "a payment that is under way at the deadline decides: %s [S89] [S90]",
  { timeout: 180_000 },
  async (token) => {
    const owner = await newMember(stack, "Sol Slow");
    const { organization, saga } = await createWithPlan(owner, "team", token);
    const isCharged = async () => {
      const sql = "SELECT 1 FROM saga_step WHERE saga_id = $1 AND name = 'subscription' AND state = 'RUNNING'";
      return (await rowsOf(stack, "user", sql, [saga.id])).length > 0;
    };
    await waitFor(isCharged, { what: "the payment to begin", deadlineMs: RECOVERY_MS, intervalMs: 1 });
    await endTime(saga.id);
    const end = await endOfSaga(owner, organization.id, RECOVERY_MS);
    // What is paid stands, and the saga goes on; what is not is undone.
    expectWholeOrNothing(end, token === "tok_slow");
  },
);

/** What is left of organisations, over both databases. */
interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly saga: string;
  readonly late: boolean;
}

test(`${REGISTRATIONS} people register with an organisation and a plan while processes are killed: each is set up, or closed with nothing left [S83] [S89] [S90]`, {
  timeout: 240_000 + REGISTRATIONS * 10_000,
}, async () => {
  const before = new Set((await outcomes()).map(({ id }) => id));
  const random = randomOfTest("registrations");
  const tokens = Array.from({ length: REGISTRATIONS }, () => {
    const drawn = random.next();
    return drawn < 0.5 ? "tok_visa" : drawn < 0.7 ? "tok_declined" : drawn < 0.85 ? "tok_slow" : "tok_slow_declined";
  });
  const waiting = [...tokens];
  let finished = false;
  let registered = 0;
  const killing = killAtRandom({ done: () => registered, isOver: () => finished });
  try {
    const people = Array.from({ length: AT_ONCE }, async () => {
      for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
        await registerSurely(token);
        registered += 1;
      }
    });
    await Promise.all(people);
  } finally {
    finished = true;
  }
  const kills = await killing;
  console.info(`${kills} kills`);
  expect(kills).toBeGreaterThan(0);
  const ended = async () => {
    const open = (await outcomes()).filter(({ saga }) => saga !== "COMPLETED" && saga !== "COMPENSATED");
    return open.length === 0;
  };
  await waitFor(ended, { what: "every saga to end", deadlineMs: RECOVERY_MS, intervalMs: 200 });
  const made = (await outcomes()).filter(({ id }) => !before.has(id));
  expect(made.filter(({ late }) => late)).toEqual([]);
  const good = tokens.filter((token) => !token.endsWith("declined")).length;
  const tally = Map.groupBy(made, ({ status, saga }) => `${status} ${saga}`);
  expect(Object.fromEntries([...tally].map(([outcome, found]) => [outcome, found.length]))).toEqual({
    ...(good > 0 ? { "ACTIVE COMPLETED": good } : {}),
    ...(good < REGISTRATIONS ? { "CLOSED COMPENSATED": REGISTRATIONS - good } : {}),
  });
  await expectMoneyToAgree(made);
});

/** A registration, repeated until it is accepted, and its confirmation, repeated until it is heard of. */
async function registerSurely(providerToken: string): Promise<void> {
  const api = createGraphQLClient(`${stack.url}/graphql`);
  const email = `reg.${randomUUID().slice(0, 18)}@example.com`;
  const input = { email, password: "correct horse battery", displayName: "Reg", idempotencyKey: randomUUID() };
  const wish = { organizationName: "Registered Works", planCode: "starter", providerToken };
  const surely = (what: string, name: string, fields: Record<string, unknown>, selection: string) =>
    waitFor(() => api.mutate(name, fields, selection), { what, deadlineMs: RECOVERY_MS, intervalMs: 200 });
  await surely("a registration", "userRegister", { ...input, ...wish }, "accepted");
  const token = await tokenFromMail(stack.mailbox, email, "/verify", RECOVERY_MS);
  await surely("a confirmation", "emailVerify", { token }, "user { id } alreadyVerified");
}

interface Killing {
  /** Registrations that came to their end. */
  readonly done: () => number;
  readonly isOver: () => boolean;
}

/**
 * The next kill waits for a registration: the log gives a dead member's partitions to another one only after a while,
 * and a process that dies each time before that would never carry anything out.
 * @returns how many were killed
 */
async function killAtRandom({ done, isOver }: Killing): Promise<number> {
  const random = randomOfTest("kills");
  for (let kills = 0; ; kills += 1) {
    const before = done();
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, LONGEST_PAUSE_MS)));
    if (isOver()) return kills;
    const running = stack.processOf(random.next() < 0.5 ? "user" : "billing");
    await running.crash();
    await running.restart();
    await waitFor(() => done() > before || isOver(), { what: "a registration after a kill", deadlineMs: RECOVERY_MS });
  }
}

function outcomes(): Promise<Outcome[]> {
  return rowsOf(
    stack,
    "user",
    `SELECT organization.id, organization.status, saga.state AS saga, coalesce(finished_at, now()) > deadline AS late
     FROM organization JOIN saga ON saga.tenant_id = organization.id ORDER BY 1`,
  );
}

/** Billing's rows of an organisation that is set up, and of one that is closed. */
async function expectMoneyToAgree(made: readonly Outcome[]): Promise<void> {
  const rows = await rowsOf<{ id: string; found: string }>(
    stack,
    "billing",
    `SELECT account.organization_id AS id, concat_ws(' ', account.status, subscription.status, invoice.status,
       count(*) FILTER (WHERE payment.status = 'SUCCEEDED'), count(*) FILTER (WHERE payment.status = 'PROCESSING')) AS found
     FROM billing_account AS account
     LEFT JOIN billing_subscription AS subscription ON subscription.account_id = account.id
     LEFT JOIN invoice ON invoice.subscription_id = subscription.id
     LEFT JOIN payment ON payment.invoice_id = invoice.id
     GROUP BY account.organization_id, account.status, subscription.status, invoice.status`,
  );
  const billed = Map.groupBy(rows, ({ id }) => id);
  const wanted: Readonly<Record<string, string>> = {
    ACTIVE: "ACTIVE ACTIVE PAID 1 0",
    CLOSED: "CLOSED CANCELED VOID 0 0",
  };
  const differing = made.flatMap(({ id, status }) => {
    const found = (billed.get(id) ?? []).map((row) => row.found);
    return found.length === 1 && found[0] === wanted[status] ? [] : [`${id} ${status}: ${found.join(", ")}`];
  });
  expect(differing).toEqual([]);
}
