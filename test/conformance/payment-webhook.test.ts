// S93, S94: what the payment provider tells at the gateway settles payments, in one process and in many; the audit log
// names it. The sandbox sends late, three times and in any order.
import { afterEach, expect, test } from "vitest";
import { newMember, newOrganization, planId } from "../support/client/new-member.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const START = `mutation($input: SubscriptionStartInput!) { subscriptionStart(input: $input) {
  payment { id status } invoice { id } } }`;
const READ = `query($id: ID!) { invoice(id: $id) { status payments { id status providerEvents { type outcome } } } }`;

interface Started {
  readonly subscriptionStart: { readonly payment: { readonly id: string }; readonly invoice: { readonly id: string } };
}
interface Invoice {
  readonly invoice: {
    readonly status: string;
    readonly payments: readonly {
      readonly status: string;
      readonly providerEvents: readonly { readonly type: string; readonly outcome: string }[];
    }[];
  };
}

test.each(TOPOLOGIES)(
  "payments are settled by unruly webhooks, once each, and audited [S93] [S94] (%s)",
  async (topology) => {
    const running = await startStack(topology, { settings: { SANDBOX_WEBHOOKS: "unruly" } });
    stack = running;
    const owner = await newMember(running);
    const { accountId, organizationId } = await newOrganization(owner);
    const wanted = { accountId, planId: await planId(owner.client, "team"), providerToken: "tok_slow" };
    const input = { ...wanted, idempotencyKey: "unruly-webhooks" };
    const { subscriptionStart } = await owner.client.request<Started>(START, { input });
    const told = await waitFor(
      async () => {
        const { invoice } = await owner.client.request<Invoice>(READ, { id: subscriptionStart.invoice.id });
        const events = invoice.payments[0]?.providerEvents ?? [];
        const isTold = events.some(
          ({ type, outcome }) => type === "payment_intent.succeeded" && outcome !== "RECEIVED",
        );
        return invoice.status === "PAID" && isTold && events;
      },
      { what: "the payment to be settled, and told of", deadlineMs: 30_000 },
    );
    // Each of them came three times.
    expect(new Set(told.map(({ type }) => type)).size).toBe(told.length);
    const entries = () =>
      rowsOf<{ action: string }>(
        running,
        "audit",
        `SELECT action FROM audit_entry WHERE tenant_id = $1 AND action LIKE 'billing.provider_event.%'`,
        [organizationId],
      );
    await waitFor(async () => (await entries()).length >= told.length, { what: "the audit entries" });
    expect(await entries()).toHaveLength(told.length);
  },
);

test.each(TOPOLOGIES)(
  "a forged call is refused at both addresses, and no other provider has one [WH-01] (%s)",
  async (topology) => {
    const running = await startStack(topology);
    stack = running;
    const post = async (path: string, headers: Record<string, string> = {}) => {
      const body = JSON.stringify({ id: "evt_1", type: "payment_intent.succeeded" });
      const sent = { "content-type": "application/json", ...headers };
      return (await fetch(`${running.url}${path}`, { method: "POST", headers: sent, body })).status;
    };
    const forged = { "stripe-signature": `t=${Math.floor(Date.now() / 1_000)},v1=${"0".repeat(64)}` };
    for (const path of ["/webhooks/sandbox", "/webhooks/billing/sandbox"]) {
      expect(await post(path), path).toBe(400);
      expect(await post(path, forged), path).toBe(400);
    }
    for (const path of ["/webhooks/stripe", "/webhooks/billing/stripe", "/webhooks/nobody"]) {
      expect(await post(path, forged), path).toBe(404);
    }
  },
);
