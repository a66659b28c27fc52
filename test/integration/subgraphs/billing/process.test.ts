import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../../support/ports.ts";
import { startProcess, subgraphProcess } from "../../../support/process.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";
import { operationsOf, START } from "./operations.ts";

let billing: BillingFixture;

beforeAll(async () => {
  billing = await startBilling();
});

afterAll(() => billing.stop());

async function startBillingProcess() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...billing.environment, BILLING_PORT: String(port), SANDBOX_PROVIDER_DELAY_MS: "1500" };
  const process = await startProcess({ ...subgraphProcess("billing"), env, ready: new URL(`${url}/ready`) });
  return { process, url };
}

test("a process that is killed while a payment is undecided leaves it to the next one, which settles it once", async () => {
  const customer = await billing.customer();
  // Requests only, to attach the card: nothing in this process settles.
  await operationsOf(billing, await billing.instance({ parts: false })).attach(customer, "tok_slow");
  const first = await startBillingProcess();
  const input = {
    accountId: customer.accountId,
    planId: await billing.planId("team"),
    idempotencyKey: "killed-while-undecided",
  };
  const response = await fetch(`${first.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tributary-identity": await billing.sign(customer.viewer) },
    body: JSON.stringify({ query: START, variables: { input } }),
  });
  const { payment, userErrors } = JSON.parse(await response.text()).data.subscriptionStart;
  expect([payment.status, userErrors]).toEqual(["PROCESSING", []]);
  await first.process.kill("SIGKILL");

  const second = await startBillingProcess();
  expect(await billing.paymentSettled(payment.id)).toBe("SUCCEEDED");
  expect((await billing.eventTypes(customer.organizationId)).slice(-3)).toEqual([
    "billing.payment.succeeded.v1",
    "billing.invoice.paid.v1",
    "billing.subscription.activated.v1",
  ]);
  expect(await second.process.stop()).toMatchObject({ code: 0 });
});
