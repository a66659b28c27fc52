// The operations of the billing tests, each asking for all that a test may look at.
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { waitFor } from "../../../support/wait.ts";
import type { BillingFixture, Customer, Json, Viewer } from "./billing-fixture.ts";

const INVOICE = `id number status version paidAt total { amountMinor currency exponent } amountDue { amountMinor }
  creditUsed { amountMinor } creditNotes { id }
  lines { description quantity amount { amountMinor } proration periodStart periodEnd } payments { id status }`;
const PAYMENT = "id status failureCode version provider amount { amountMinor }";
const SUBSCRIPTION = `id status version quantity cancelAt trialEndsAt currentPeriodStart currentPeriodEnd plan { code }
  scheduledChange { plan { code } quantity at } account { id credit { amountMinor } amountDue { amountMinor } }`;
const CREDIT_NOTE = "id number status reason total { amountMinor } periodStart periodEnd invoice { id }";
const DETAILS = "id version billingEmail taxId address { name line1 line2 postalCode city region country }";
const ERRORS = "userErrors { code message field status }";

const ATTACH = `mutation ($input: PaymentMethodAttachInput!) {
  paymentMethodAttach(input: $input) { paymentMethod { id kind brand last4 expMonth expYear isDefault } ${ERRORS} } }`;
const DETACH = `mutation ($input: PaymentMethodDetachInput!) {
  paymentMethodDetach(input: $input) { detachedId ${ERRORS} } }`;
const MAKE_DEFAULT = `mutation ($input: PaymentMethodMakeDefaultInput!) {
  paymentMethodMakeDefault(input: $input) { paymentMethod { id isDefault } ${ERRORS} } }`;
const METHODS = `query ($id: ID!) { node: _entities(representations: [{ __typename: "BillingAccount", id: $id }]) {
  ... on BillingAccount { paymentMethods { id last4 isDefault } } } }`;
export const START = `mutation ($input: SubscriptionStartInput!) {
  subscriptionStart(input: $input) {
    subscription { id status version quantity plan { code } account { id } }
    invoice { ${INVOICE} } payment { ${PAYMENT} } ${ERRORS} } }`;
const CHANGE = `mutation ($input: SubscriptionChangeInput!) {
  subscriptionChange(input: $input) {
    subscription { ${SUBSCRIPTION} } invoice { ${INVOICE} } payment { ${PAYMENT} } creditNote { ${CREDIT_NOTE} } ${ERRORS} } }`;
const CANCEL = `mutation ($input: SubscriptionCancelInput!) {
  subscriptionCancel(input: $input) { subscription { ${SUBSCRIPTION} } creditNote { ${CREDIT_NOTE} } ${ERRORS} } }`;
const RESUME = `mutation ($input: SubscriptionResumeInput!) {
  subscriptionResume(input: $input) {
    subscription { ${SUBSCRIPTION} } invoice { ${INVOICE} } payment { ${PAYMENT} } ${ERRORS} } }`;
const READ = `query ($id: ID!) { billingSubscription(id: $id) { ${SUBSCRIPTION}
  account { invoices(first: 50) { edges { node { ${INVOICE} } } } } } }`;
const PREVIEW = `query ($id: ID!, $planId: ID, $quantity: Int, $at: DateTime) {
  billingSubscription(id: $id) { previewChange(planId: $planId, quantity: $quantity, at: $at) { at
    credited { amountMinor } charged { amountMinor } creditUsed { amountMinor } dueNow { amountMinor }
    creditLeft { amountMinor } periodStart periodEnd } } }`;
const PAY = `mutation ($input: InvoicePayInput!) {
  invoicePay(input: $input) { invoice { ${INVOICE} subscription { id status version } } payment { ${PAYMENT} } ${ERRORS} } }`;

const PAUSE = `mutation ($input: SubscriptionPauseInput!) {
  subscriptionPause(input: $input) { subscription { ${SUBSCRIPTION} } creditNote { ${CREDIT_NOTE} } ${ERRORS} } }`;
const PUBLISH = `mutation ($input: PlanPublishInput!) { planPublish(input: $input) {
  plan { id code version name status trialDays price { amountMinor currency } features { key limit } publishedAt }
  ${ERRORS} } }`;
const REFUND = `mutation ($input: PaymentRefundInput!) {
  paymentRefund(input: $input) { refund { id status reason failureCode amount { amountMinor currency } } ${ERRORS} } }`;
const VOID = `mutation ($input: InvoiceVoidInput!) { invoiceVoid(input: $input) { invoiceId ${ERRORS} } }`;
const MONEY_BACK = `query ($id: ID!) { invoice(id: $id) { status version paidAt credited { amountMinor }
  creditNotes { status reason total { amountMinor } periodStart }
  subscription { id status } account { credit { amountMinor } amountDue { amountMinor } }
  payments { status refunded { amountMinor } disputes { status reason amount { amountMinor } closedAt }
    refunds { id status failureCode providerRef creditNote { id } } } } }`;

const ADVANCE = `mutation ($input: TestClockAdvanceInput!) {
  testClockAdvance(input: $input) { account { id testClock { now target } } ${ERRORS} } }`;
const CLOCK = `query ($id: ID!) { node: _entities(representations: [{ __typename: "BillingAccount", id: $id }]) {
  ... on BillingAccount { testClock { now target } } } }`;
const ENTITLEMENT = "key granted limit used remaining resetsAt";
const RECORD = `mutation ($input: UsageRecordInput!) {
  usageRecord(input: $input) { status entitlement { ${ENTITLEMENT} } ${ERRORS} } }`;
const ENTITLEMENTS = `query ($id: ID!, $key: String!) {
  node: _entities(representations: [{ __typename: "Organization", id: $id }]) { ... on Organization {
    entitlements { ${ENTITLEMENT} } entitlement(key: $key) { ${ENTITLEMENT} } } } }`;
const UPDATE = `mutation ($input: BillingAccountUpdateInput!) {
  billingAccountUpdate(input: $input) { account { ${DETAILS} } ${ERRORS} } }`;
const READ_DETAILS = `query ($id: ID!) { node: _entities(representations: [{ __typename: "BillingAccount", id: $id }]) {
  ... on BillingAccount { ${DETAILS} } } }`;

/** Of a payload: each code with the last part of its field. */
export const refusals = ({ userErrors }: Json): string[] =>
  userErrors.map(({ code, field }: Json) => [code, ...(field ?? []).slice(-1)].join(" "));

export function operationsOf(billing: BillingFixture, subgraph: Subgraph) {
  let keys = 0;
  const newKey = () => `key-${process.pid}-${keys++}-${performance.now()}`;
  const run = async (viewer: Viewer, query: string, field: string, input: Json): Promise<Json> => {
    const { data, errors, extensions } = await billing.ask(subgraph, viewer, query, { input });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return { ...data[field], extensions };
  };
  /** The subscription with its account's invoices. */
  const read = async (viewer: Viewer, id: string): Promise<Json> => {
    const { data, errors } = await billing.ask(subgraph, viewer, READ, { id });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    const { account, ...subscription } = data.billingSubscription;
    const { invoices, ...rest } = account;
    return { ...subscription, account: rest, invoices: invoices.edges.map(({ node }: Json) => node) };
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
    /** The account's billing details, and its version. */
    async details({ accountId, ...viewer }: Customer): Promise<Json> {
      const { data, errors } = await billing.ask(subgraph, viewer, READ_DETAILS, { id: accountId });
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data.node[0];
    },
    /** Of an account as it is now. */
    async update(viewer: Viewer, customer: Customer, input: Json): Promise<Json> {
      const { rows } = await billing.admin.query("SELECT version FROM billing_account WHERE id = $1", [
        customer.accountId,
      ]);
      const base = { id: customer.accountId, expectedVersion: rows[0].version, idempotencyKey: newKey() };
      return run(viewer, UPDATE, "billingAccountUpdate", { ...base, ...input });
    },
    detach: (viewer: Viewer, id: string, input: Json = {}) =>
      run(viewer, DETACH, "paymentMethodDetach", { id, idempotencyKey: newKey(), ...input }),
    makeDefault: (viewer: Viewer, id: string, input: Json = {}) =>
      run(viewer, MAKE_DEFAULT, "paymentMethodMakeDefault", { id, idempotencyKey: newKey(), ...input }),
    /** Of an account, as it shows them. */
    async methods({ accountId, ...viewer }: Customer): Promise<Json[]> {
      const { data, errors } = await billing.ask(subgraph, viewer, METHODS, { id: accountId });
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data.node[0].paymentMethods;
    },
    start: async (customer: Customer, code: string, input: Json = {}) =>
      run(customer, START, "subscriptionStart", {
        accountId: customer.accountId,
        planId: await billing.planId(code),
        idempotencyKey: newKey(),
        ...input,
      }),
    startWith: (viewer: Viewer, input: Json) =>
      run(viewer, START, "subscriptionStart", { idempotencyKey: newKey(), ...input }),
    /** Of a subscription as it is now. */
    async change(viewer: Viewer, id: string, { code, ...input }: Json): Promise<Json> {
      const planId = code === undefined ? input.planId : await billing.planId(code);
      const expectedVersion = input.expectedVersion ?? (await read(viewer, id)).version;
      const change = { id, planId, expectedVersion, when: "NOW", idempotencyKey: newKey(), ...input };
      return run(viewer, CHANGE, "subscriptionChange", change);
    },
    async cancel(viewer: Viewer, id: string, input: Json = {}): Promise<Json> {
      const expectedVersion = (await read(viewer, id)).version;
      const end = { id, expectedVersion, when: "PERIOD_END", idempotencyKey: newKey(), ...input };
      return run(viewer, CANCEL, "subscriptionCancel", end);
    },
    async resume(viewer: Viewer, id: string, input: Json = {}): Promise<Json> {
      const expectedVersion = (await read(viewer, id)).version;
      return run(viewer, RESUME, "subscriptionResume", { id, expectedVersion, idempotencyKey: newKey(), ...input });
    },
    read,
    async preview(viewer: Viewer, id: string, { code, ...wanted }: Json): Promise<Json> {
      const planId = code === undefined ? wanted.planId : await billing.planId(code);
      const { data, errors } = await billing.ask(subgraph, viewer, PREVIEW, { id, ...wanted, planId });
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data.billingSubscription.previewChange;
    },
    async pause(viewer: Viewer, id: string, input: Json = {}): Promise<Json> {
      const expectedVersion = (await read(viewer, id)).version;
      return run(viewer, PAUSE, "subscriptionPause", { id, expectedVersion, idempotencyKey: newKey(), ...input });
    },
    /** @param by an operator */
    publish: (by: Viewer, input: Json) =>
      run(by, PUBLISH, "planPublish", {
        ...{ name: "Trial", interval: "MONTH", price: { amountMinor: "1900", currency: "EUR" }, features: [] },
        ...{ idempotencyKey: newKey(), ...input },
      }),
    /** @param by an operator */
    refund: (by: Viewer, { organizationId }: Customer, paymentId: string, input: Json = {}) =>
      run(by, REFUND, "paymentRefund", {
        ...{ id: paymentId, organizationId, reason: "By mistake", idempotencyKey: newKey() },
        ...input,
      }),
    voidInvoice: (by: Viewer, { organizationId }: Customer, invoiceId: string, input: Json = {}) =>
      run(by, VOID, "invoiceVoid", {
        ...{ id: invoiceId, organizationId, reason: "By mistake", idempotencyKey: newKey() },
        ...input,
      }),
    /** The invoice with all that was given back of it. */
    async moneyBack(viewer: Viewer, invoiceId: string): Promise<Json> {
      const { data, errors } = await billing.ask(subgraph, viewer, MONEY_BACK, { id: invoiceId });
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data.invoice;
    },
    advance: (viewer: Viewer, accountId: string, to: string, input: Json = {}) =>
      run(viewer, ADVANCE, "testClockAdvance", { accountId, to, idempotencyKey: newKey(), ...input }),
    /** Moves the account's time, and waits until it is there. */
    async advanceTo({ accountId, ...viewer }: Customer, to: string): Promise<void> {
      const { userErrors } = await run(viewer, ADVANCE, "testClockAdvance", {
        accountId,
        to,
        idempotencyKey: newKey(),
      });
      if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
      await waitFor(
        async () => {
          const { data } = await billing.ask(subgraph, viewer, CLOCK, { id: accountId });
          return data.node[0].testClock.target === null || undefined;
        },
        { what: `the account's time to be ${to}`, deadlineMs: 60_000 },
      );
    },
    record: (customer: Customer, quantity: number | string, input: Json = {}) =>
      run(customer, RECORD, "usageRecord", {
        organizationId: customer.organizationId,
        meter: "events_per_month",
        quantity: String(quantity),
        idempotencyKey: newKey(),
        ...input,
      }),
    /** All of an organisation, and the one with the key. */
    async entitlements(viewer: Viewer, organizationId: string, key = "events_per_month"): Promise<Json> {
      const { data, errors } = await billing.ask(subgraph, viewer, ENTITLEMENTS, { id: organizationId, key });
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data.node[0];
    },
    pay: (viewer: Viewer, id: string, input: Json = {}) =>
      run(viewer, PAY, "invoicePay", { id, idempotencyKey: newKey(), ...input }),
  };
}

export type Operations = ReturnType<typeof operationsOf>;
