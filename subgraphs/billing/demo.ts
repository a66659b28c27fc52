/** A paid subscription of the organisation of whoever is signed in, bought through the API. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { DemoData } from "../../platform/graphql/demo-data.ts";

const TIMEOUT_MS = 15_000;
const LOOK_MS = 50;

const ORGANIZATIONS = `query {
  viewer { memberships(first: 1) { edges { node { organization { billingAccount { id } } } } } }
  plans(first: 10) { edges { node { id price { amountMinor } } } }
}`;
const ATTACH = `mutation ($accountId: ID!) {
  paymentMethodAttach(
    input: { accountId: $accountId, providerToken: "tok_visa", makeDefault: true, idempotencyKey: "demo-payment-method" }
  ) { paymentMethod { id } }
}`;
const START = `mutation ($accountId: ID!, $planId: ID!) {
  subscriptionStart(input: { accountId: $accountId, planId: $planId, idempotencyKey: "demo-subscription" }) {
    subscription { id }
  }
}`;

const connection = <Node extends z.ZodType>(node: Node) => z.object({ edges: z.array(z.object({ node })) });
const organizationsSchema = z.object({
  viewer: z.object({
    memberships: connection(
      z.object({ organization: z.object({ billingAccount: z.object({ id: z.string() }).nullable() }) }),
    ),
  }),
  plans: connection(z.object({ id: z.string(), price: z.object({ amountMinor: z.string() }) })),
});

export const DEMO: DemoData = {
  async prepare(api) {
    const { accountId, planId } = await until("the billing account", async () => {
      const { viewer, plans } = await api.run(ORGANIZATIONS, {}, organizationsSchema);
      const plan = plans.edges.find(({ node }) => node.price.amountMinor !== "0") ?? plans.edges[0];
      const account = viewer.memberships.edges[0]?.node.organization.billingAccount;
      return plan && account ? { accountId: account.id, planId: plan.node.id } : undefined;
    });
    await api.run(ATTACH, { accountId }, z.unknown());
    await api.run(START, { accountId, planId }, z.unknown());
  },
};

/** An account is opened a moment after its organisation, by event. */
async function until<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const value = await look();
    if (value !== undefined) return value;
    await pause(LOOK_MS);
  }
  throw new Error(`waited ${TIMEOUT_MS} ms for ${what} of the demo data`);
}
