// Random lives of accounts: plans started, changed, paused and ended, cards that decline, are slow or lose answers,
// refunds, time that goes on, processes that die and connections that are cut. After each step the books agree.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { waitFor } from "../../../support/wait.ts";
import { sizeOf } from "../../../tiers.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { expectReconciled } from "./ledger-checks.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let serving: Subgraph;
let working: Subgraph;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  serving = await billing.instance({ parts: false });
  working = await billing.instance();
  operations = operationsOf(billing, serving);
  const operator = billing.operator();
  await operations.publish(operator, { code: "tried", trialDays: 14, price: { amountMinor: "1700", currency: "EUR" } });
});
afterAll(() => billing?.stop());

const LIVES = sizeOf("modelledLives");
const STEPS = 14;
const DAY_MS = 86_400_000;

const CARDS = [
  ...["tok_visa", "tok_mastercard", "tok_declined", "tok_insufficient_funds", "tok_slow", "tok_slow_declined"],
  ...["tok_timeout", "tok_refund_fails"],
] as const;
const CODES = ["starter", "team", "business", "team-yearly", "tried"] as const;

/** A step that may be refused: what counts is what it leaves. */
type Step = { readonly what: string; readonly run: (life: Life) => Promise<unknown> };

interface Life {
  readonly customer: Customer;
  /** The account's time. */
  now: number;
}

/** An answer of whatever kind: a refusal, an error of a process that dies, a connection that was cut. */
const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

const plan = async ({ customer }: Life): Promise<Json | undefined> => {
  const sql = "SELECT id, version, status FROM billing_subscription WHERE account_id = $1 ORDER BY id DESC LIMIT 1";
  return (await billing.admin.query(sql, [customer.accountId])).rows[0];
};

const newest = async ({ customer }: Life, sql: string): Promise<Json | undefined> =>
  (await billing.admin.query(sql, [customer.organizationId])).rows[0];

const PAID = "SELECT id FROM payment WHERE organization_id = $1 AND status = 'SUCCEEDED' ORDER BY id DESC LIMIT 1";
const OPEN = "SELECT id FROM invoice WHERE organization_id = $1 AND status = 'OPEN' ORDER BY id DESC LIMIT 1";

/** With a card of its own, by number. */
const token = (card: string, at: number): string => `${card}-${at}`;

const card = fc.constantFrom(...CARDS);
const number = fc.integer({ min: 1, max: 3 });
const code = fc.constantFrom(...CODES);
const timing = fc.constantFrom("NOW", "PERIOD_END");

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(card, number).map(([kind, at]) => attach(token(kind, at))) },
  { weight: 3, arbitrary: fc.tuple(code, card, number).map(([plan, kind, at]) => start(plan, token(kind, at))) },
  {
    weight: 4,
    arbitrary: fc.record({ code, quantity: fc.integer({ min: 1, max: 5 }), when: timing }).map(change),
  },
  { weight: 2, arbitrary: timing.map(cancel) },
  { weight: 2, arbitrary: fc.constant(pause()) },
  { weight: 2, arbitrary: fc.constant(resume()) },
  { weight: 2, arbitrary: fc.tuple(card, number).map(([kind, at]) => pay(token(kind, at))) },
  {
    weight: 2,
    arbitrary: fc.record({ amount: fc.option(fc.integer({ min: 1, max: 4_000 })), credit: fc.boolean() }).map(refund),
  },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 45 }).map(advance) },
  { weight: 1, arbitrary: fc.constant(crash()) },
  { weight: 1, arbitrary: fc.constant(cut()) },
  { weight: 1, arbitrary: fc.constant(loseAnswer()) },
);

function attach(providerToken: string): Step {
  return {
    what: `attach ${providerToken}`,
    run: ({ customer }) =>
      operations.attachWith(customer, { accountId: customer.accountId, providerToken, makeDefault: true }),
  };
}

function start(of: string, providerToken: string): Step {
  return {
    what: `start ${of} with ${providerToken}`,
    run: ({ customer }) => operations.start(customer, of, { providerToken }),
  };
}

function change(to: Json): Step {
  return {
    what: `change to ${JSON.stringify(to)}`,
    run: (life) =>
      onPlan(life, (id, expectedVersion) => operations.change(life.customer, id, { ...to, expectedVersion })),
  };
}

function cancel(when: string): Step {
  return {
    what: `cancel ${when}`,
    run: (life) => onPlan(life, (id) => operations.cancel(life.customer, id, { when })),
  };
}

function pause(): Step {
  return { what: "pause", run: (life) => onPlan(life, (id) => operations.pause(life.customer, id)) };
}

function resume(): Step {
  return { what: "resume", run: (life) => onPlan(life, (id) => operations.resume(life.customer, id)) };
}

function pay(providerToken: string): Step {
  return {
    what: `pay with ${providerToken}`,
    async run(life) {
      const open = await newest(life, OPEN);
      if (open !== undefined) await operations.pay(life.customer, open.id, { providerToken });
    },
  };
}

function refund({ amount, credit }: { readonly amount: number | null; readonly credit: boolean }): Step {
  return {
    what: `refund ${amount ?? "all"}${credit ? " of the credit" : ""}`,
    async run(life) {
      const paid = await newest(life, PAID);
      if (paid === undefined) return;
      const asked = amount === null ? {} : { amount: { amountMinor: String(amount), currency: "EUR" } };
      const input = { ...asked, source: credit ? "CREDIT" : "INVOICE" };
      await operations.refund(billing.operator(), life.customer, paid.id, input);
    },
  };
}

function advance(days: number): Step {
  return {
    what: `${days} days later`,
    async run(life) {
      life.now += days * DAY_MS;
      await operations.advanceTo(life.customer, new Date(life.now).toISOString());
    },
  };
}

/** All workers die in the middle of what they do, and others take over. */
function crash(): Step {
  return {
    what: "the workers die",
    async run() {
      const dying = working;
      working = await billing.instance();
      await billing.stopInstance(dying);
    },
  };
}

function cut(): Step {
  return {
    what: "connections are cut",
    run: () =>
      billing.admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename LIKE 'tributary_billing_%'`,
      ),
  };
}

function loseAnswer(): Step {
  return {
    what: "the next answer of the provider is lost",
    async run() {
      billing.provider.afterCharge = () => {
        billing.provider.afterCharge = () => undefined;
        throw new Error("the answer was lost");
      };
    },
  };
}

async function onPlan(life: Life, work: (id: string, version: number) => Promise<unknown>): Promise<void> {
  const current = await plan(life);
  if (current !== undefined) await work(current.id, current.version);
}

/** Until nothing is under way any more. */
const quiet = ({ customer }: Life): Promise<unknown> =>
  waitFor(
    async () => {
      const { rows } = await billing.admin.query(
        `SELECT FROM payment WHERE organization_id = $1 AND status = 'PROCESSING'
         UNION ALL SELECT FROM refund WHERE organization_id = $1 AND status = 'PROCESSING'
         UNION ALL SELECT FROM billing_account WHERE organization_id = $1 AND test_target IS NOT NULL`,
        [customer.organizationId],
      );
      return rows.length === 0;
    },
    { what: "all that is under way", deadlineMs: 60_000 },
  );

test("whatever happens to an account, its books agree, and nobody pays twice [S91] [S92]", {
  timeout: 120_000 + 15_000 * LIVES,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: STEPS }), async (steps) => {
      const customer = await billing.customer();
      const life: Life = { customer, now: Date.now() + DAY_MS };
      await operations.advanceTo(customer, new Date(life.now).toISOString());
      for (const { what, run } of steps) {
        await quietly(run(life));
        await quiet(life);
        await expectReconciled(billing, customer).catch((error: unknown) => {
          throw new Error(`behind "${what}"`, { cause: error });
        });
      }
    }),
    { numRuns: LIVES, seed: 12, endOnFailure: true },
  );
  expect(billing.provider.charged.size).toBeGreaterThan(0);
});
