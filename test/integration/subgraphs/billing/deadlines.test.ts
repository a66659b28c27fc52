// How long the gateway waits, as a subgraph hears it: reads end then, late commands are not begun, begun ones are
// brought to their end.
import { afterAll, beforeAll, expect, test } from "vitest";
import { TIMEOUT_HEADER } from "../../../../platform/graphql/request-deadline.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { waitFor } from "../../../support/wait.ts";
import { type Answer, type BillingFixture, type Customer, startBilling } from "./billing-fixture.ts";

const SOON_MS = 400;
/** Where something has to have begun before, also on a busy machine. */
const BEGUN_BY_MS = 2_000;
const LATE = { code: "DEADLINE_EXCEEDED", status: 504, retryable: true };

let billing: BillingFixture;
let subgraph: Subgraph;
let customer: Customer;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance({ parts: false });
  customer = await billing.customer();
});
afterAll(() => billing?.stop());

async function ask(
  query: string,
  timeout: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Pick<Answer, "data" | "errors"> & { readonly status: number }> {
  const headers = { "x-tributary-identity": await billing.sign(customer), [TIMEOUT_HEADER]: timeout };
  const { status, body } = await subgraph.endpoint.handle(headers, { query, variables });
  const { data, errors = [] } = JSON.parse(JSON.stringify(body));
  return { status, data, errors };
}

const ACCOUNT = `query($of: [_Any!]!) { plans(first: 1) { totalCount }
  _entities(representations: $of) { ... on Organization { billingAccount { id invoices(first: 5) { totalCount } } } } }`;
const account = () => ({ of: [{ __typename: "Organization", id: customer.organizationId }] });

/** Statements of the subgraph that wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await billing.admin.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'tributary_billing_app' AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.count;
}

/** Runs `work` while nobody else can use the table; `release` ends that. */
async function locked<Result>(table: string, work: (release: () => Promise<void>) => Promise<Result>): Promise<Result> {
  const holder = await billing.admin.connect();
  try {
    await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return await work(async () => void (await holder.query("COMMIT")));
  } finally {
    await holder.query("ROLLBACK");
    holder.release();
  }
}

test("a read that the database holds up ends with its deadline, costs its own field, and leaves nothing behind", async () => {
  // The table is given free only after the answer.
  const { status, data, errors } = await locked("invoice", async () => {
    const answer = await ask(ACCOUNT, String(BEGUN_BY_MS), account());
    expect(await waiting()).toBe(0);
    return answer;
  });
  expect(status).toBe(200);
  expect(data).toMatchObject({ plans: { totalCount: 4 }, _entities: [{ billingAccount: null }] });
  expect(errors).toMatchObject([{ path: ["_entities", 0, "billingAccount", "invoices"], extensions: LATE }]);
  const { data: after } = await ask(ACCOUNT, "10000", account());
  expect(after).toMatchObject({ _entities: [{ billingAccount: { invoices: { totalCount: 0 } } }] });
});

test("the time is heard from nobody but the gateway, and what is no time says nothing", async () => {
  const unsigned = await subgraph.endpoint.handle({ [TIMEOUT_HEADER]: "1" }, { query: "{ __typename }" });
  expect(unsigned).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] } });
  for (const odd of ["", "0", "-1", "+5", "1.5", "1e3", "0x10", "NaN", "soon", " 1", "99999999", "1, 1"]) {
    expect(await ask(ACCOUNT, odd, account()), odd).toMatchObject({ status: 200, errors: [] });
  }
});

const ATTACH = `mutation($first: PaymentMethodAttachInput!, $second: PaymentMethodAttachInput!) {
  first: paymentMethodAttach(input: $first) { paymentMethod { last4 } userErrors { code } }
  second: paymentMethodAttach(input: $second) { paymentMethod { last4 } userErrors { code } } }`;

test("a command that has begun is brought to its end, however late; the next one of the operation is not begun", async () => {
  const card = (idempotencyKey: string) => ({
    accountId: customer.accountId,
    providerToken: "tok_visa",
    makeDefault: false,
    idempotencyKey,
  });
  const { data, errors } = await locked("payment_method", async (release) => {
    const deadline = performance.now() + BEGUN_BY_MS;
    const answer = ask(ATTACH, String(BEGUN_BY_MS), { first: card("late-but-begun"), second: card("never-begun") });
    await waitFor(async () => (await waiting()) === 1, { what: "the first command to wait", deadlineMs: BEGUN_BY_MS });
    await waitFor(() => performance.now() > deadline + SOON_MS, { what: "the deadline to be over" });
    expect(await waiting()).toBe(1);
    await release();
    return answer;
  });
  expect(data).toEqual(null);
  expect(errors).toMatchObject([{ path: ["second"], extensions: LATE }]);
  const { rows } = await billing.admin.query("SELECT key, state FROM idempotency WHERE tenant_id = $1", [
    customer.organizationId,
  ]);
  expect(rows).toEqual([{ key: "late-but-begun", state: "DONE" }]);
  expect(await billing.eventTypes(customer.organizationId)).toEqual(["billing.payment_method.attached.v1"]);
});

test("a command that still waits for a connection at its deadline is not begun", async () => {
  const other = await billing.customer();
  const before = customer;
  customer = other;
  try {
    const attach =
      "mutation($input: PaymentMethodAttachInput!) { paymentMethodAttach(input: $input) { userErrors { code } } }";
    const card = (at: number) => ({
      ...{ accountId: other.accountId, makeDefault: false },
      ...{ providerToken: `tok_visa-${at}`, idempotencyKey: `crowded-${at}` },
    });
    const answers = await locked("payment_method", async (release) => {
      const begun = performance.now();
      const all = Array.from({ length: 40 }, (_, at) => ask(attach, String(2 * SOON_MS), { input: card(at) }));
      await waitFor(() => performance.now() > begun + 3 * SOON_MS, { what: "the deadline to be over" });
      await release();
      return Promise.all(all);
    });
    const late = answers.filter(({ errors }) => errors[0]?.extensions.code === LATE.code).length;
    expect(late).toBeGreaterThan(0);
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(40 - late);
    expect(await billing.eventTypes(other.organizationId)).toHaveLength(40 - late);
  } finally {
    customer = before;
  }
});
