// The operations of the billing tests, each asking for all that a test may look at.
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import type { BillingFixture, Customer, Json, Viewer } from "./billing-fixture.ts";

const INVOICE = `id number status version paidAt total { amountMinor currency exponent } amountDue { amountMinor }
  lines { description quantity amount { amountMinor } } payments { id status }`;
const PAYMENT = "id status failureCode version provider amount { amountMinor }";
const ERRORS = "userErrors { code message field status }";

const ATTACH = `mutation ($input: PaymentMethodAttachInput!) {
  paymentMethodAttach(input: $input) { paymentMethod { id kind brand last4 isDefault } ${ERRORS} } }`;
export const START = `mutation ($input: SubscriptionStartInput!) {
  subscriptionStart(input: $input) {
    subscription { id status version quantity plan { code } account { id } }
    invoice { ${INVOICE} } payment { ${PAYMENT} } ${ERRORS} } }`;
const PAY = `mutation ($input: InvoicePayInput!) {
  invoicePay(input: $input) { invoice { ${INVOICE} subscription { id status version } } payment { ${PAYMENT} } ${ERRORS} } }`;

export function operationsOf(billing: BillingFixture, subgraph: Subgraph) {
  let keys = 0;
  const newKey = () => `key-${process.pid}-${keys++}-${performance.now()}`;
  const run = async (viewer: Viewer, query: string, field: string, input: Json): Promise<Json> => {
    const { data, errors, extensions } = await billing.ask(subgraph, viewer, query, { input });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return { ...data[field], extensions };
  };
  return {
    newKey,
    /** Attaches a test card; returns the id of the method. */
    async attach(customer: Customer, providerToken: string): Promise<string> {
      const input = { accountId: customer.accountId, providerToken, makeDefault: true, idempotencyKey: newKey() };
      const { paymentMethod } = await run(customer, ATTACH, "paymentMethodAttach", input);
      return paymentMethod.id;
    },
    attachWith: (viewer: Viewer, input: Json) =>
      run(viewer, ATTACH, "paymentMethodAttach", { idempotencyKey: newKey(), ...input }),
    start: async (customer: Customer, code: string, input: Json = {}) =>
      run(customer, START, "subscriptionStart", {
        accountId: customer.accountId,
        planId: await billing.planId(code),
        idempotencyKey: newKey(),
        ...input,
      }),
    startWith: (viewer: Viewer, input: Json) =>
      run(viewer, START, "subscriptionStart", { idempotencyKey: newKey(), ...input }),
    pay: (viewer: Viewer, id: string, input: Json = {}) =>
      run(viewer, PAY, "invoicePay", { id, idempotencyKey: newKey(), ...input }),
  };
}

export type Operations = ReturnType<typeof operationsOf>;
