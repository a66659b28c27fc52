// What the people of a load do: documents as a dashboard sends them, and how often each comes.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { newCardToken } from "../support/client/test-cards.ts";
import type { Population, Tenant } from "./population.ts";

/** A request that is ready to be sent, and what becomes of its answer. */
export interface PlannedRequest {
  readonly name: string;
  readonly kind: "read" | "write";
  readonly body: string;
  /** Takes note of the answer's `data`; throws when it is not what was asked for. */
  readonly accept: (data: unknown) => void;
  /** Whatever the outcome was. */
  readonly done?: () => void;
}

const VIEWER = `query Viewer { viewer { user { id displayName email } session { id }
  memberships(first: 10) { edges { node { id organization { id name slug } roles { name permissions } } } } } }`;

/** One screen, three subgraphs. */
const ORGANIZATION = `query Organization($id: ID!) { organization(id: $id) { id name slug version
  members(first: 10) { edges { node { id user { displayName email } roles { name } } } }
  billingAccount { id currency amountDue { amountMinor currency exponent }
    subscriptions(first: 5) { edges { node { id status plan { code name } } } }
    invoices(first: 10) { edges { node { id number status total { amountMinor currency exponent } issuedAt } } pageInfo { hasNextPage } } } } }`;

const PLANS = `query Plans { plans(first: 10) { edges { node { id code name interval price { amountMinor currency exponent } features { key } } } } }`;

const AUDIT_LOG = `query AuditLog($id: ID!) { organization(id: $id) { id auditLog(first: 20) {
  edges { node { id sequence action outcome occurredAt actor { kind user { displayName } } targets { type id } hash } } pageInfo { hasNextPage endCursor } } } }`;

const INVOICE = `query Invoice($id: ID!) { invoice(id: $id) { id number status total { amountMinor currency exponent }
  lines { description amount { amountMinor } } payments { id status failureCode } } }`;

const ONE_ENTITY = `query OneOrganization($id: ID!) { organization(id: $id) { id name slug } }`;

const mutation = (name: string, selection: string) => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  return `mutation ${name}($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code message } } }`;
};
const ATTACH = mutation("paymentMethodAttach", "paymentMethod { id brand last4 }");
const PAY = mutation("invoicePay", "invoice { id status } payment { id status failureCode }");
const START = mutation("subscriptionStart", "subscription { id status } invoice { id status total { amountMinor } }");
const UPDATE = mutation("organizationUpdate", "organization { id name version }");

const present = z.looseObject({});
const viewerData = z.object({ viewer: present });
const organizationData = z.object({ organization: z.looseObject({ members: present, billingAccount: present }) });
const oneEntityData = z.object({ organization: present });
const plansData = z.object({ plans: z.object({ edges: z.array(present).min(1) }) });
const invoiceData = z.object({ invoice: z.looseObject({ lines: z.array(present).min(1) }) });
const auditData = z.object({ organization: z.object({ auditLog: z.object({ edges: z.array(present).min(1) }) }) });
const succeeded = (name: string) => z.object({ [name]: z.looseObject({ userErrors: z.array(z.unknown()).max(0) }) });
const declined = z.object({
  invoicePay: z.object({
    invoice: z.object({ status: z.literal("OPEN") }),
    userErrors: z.tuple([z.object({ code: z.literal("PAYMENT_DECLINED") })]),
  }),
});
const updated = z.object({
  organizationUpdate: z.object({
    organization: z.object({ version: z.int() }),
    userErrors: z.array(z.unknown()).max(0),
  }),
});

function read(name: string, query: string, schema: z.ZodType, variables: Readonly<Record<string, unknown>> = {}) {
  return (): PlannedRequest => ({
    name,
    kind: "read",
    body: JSON.stringify({ query, variables }),
    accept: (data) => void schema.parse(data),
  });
}

function write(name: string, query: string, input: Readonly<Record<string, unknown>>): PlannedRequest {
  const schema = succeeded(name);
  return {
    name,
    kind: "write",
    body: JSON.stringify({ query, variables: { input } }),
    accept: (data) => void schema.parse(data),
  };
}

const readViewer = read("viewer", VIEWER, viewerData);
const readPlans = read("plans", PLANS, plansData);
export const readOrganization = ({ organizationId: id }: Pick<Tenant, "organizationId">) =>
  read("organization", ORGANIZATION, organizationData, { id })();
export const readInvoice = ({ invoiceId: id }: Pick<Tenant, "invoiceId">) =>
  read("invoice", INVOICE, invoiceData, { id })();
export const readAuditLog = ({ organizationId: id }: Pick<Tenant, "organizationId">) =>
  read("auditLog", AUDIT_LOG, auditData, { id })();

/** One entity of one subgraph. */
export const readOneEntity = ({ organizationId: id }: Tenant): PlannedRequest =>
  read("one entity", ONE_ENTITY, oneEntityData, { id })();

/** @param idempotencyKey sent again, it brings the answer of the first time */
export function attachCard(
  { accountId }: Pick<Tenant, "accountId">,
  idempotencyKey: string = randomUUID(),
): PlannedRequest {
  const input = { accountId, providerToken: newCardToken(), makeDefault: false, idempotencyKey };
  return write("paymentMethodAttach", ATTACH, input);
}

/** The card is declined again: a write that leaves the invoice open for the next one. */
function payInvoice(tenant: Tenant): PlannedRequest {
  const { invoiceId, busy } = tenant;
  if (busy.has("invoice")) return attachCard(tenant);
  busy.add("invoice");
  const planned = write("invoicePay", PAY, { id: invoiceId, idempotencyKey: randomUUID() });
  return { ...planned, accept: (data) => void declined.parse(data), done: () => busy.delete("invoice") };
}

function startSubscription(tenant: Tenant, { planId }: Population): PlannedRequest {
  const account = tenant.fresh.pop();
  if (account === undefined) return payInvoice(tenant);
  return write("subscriptionStart", START, { accountId: account.accountId, planId, idempotencyKey: randomUUID() });
}

function updateOrganization(tenant: Tenant): PlannedRequest {
  const { organizationId: id, version: expectedVersion, busy } = tenant;
  if (busy.has("organization")) return attachCard(tenant);
  busy.add("organization");
  const input = { id, expectedVersion, name: `Load Works ${expectedVersion}` };
  return {
    ...write("organizationUpdate", UPDATE, input),
    accept: (data) => {
      tenant.version = updated.parse(data).organizationUpdate.organization.version;
    },
    done: () => busy.delete("organization"),
  };
}

type Plan = (tenant: Tenant, population: Population) => PlannedRequest;

/** Shares of what people look at: a menu, a whole screen, one thing, a list. */
const READS: readonly (readonly [number, Plan])[] = [
  [25, readViewer],
  [20, readOrganization],
  [20, readInvoice],
  [15, readPlans],
  [10, readAuditLog],
];
const WRITES: readonly (readonly [number, Plan])[] = [
  [4, (tenant) => attachCard(tenant)],
  [3, payInvoice],
  [2, updateOrganization],
  [1, startSubscription],
];

export interface Mix {
  /**
   * The place of the tenant whose request is next, by a random number in [0, 1); default: everybody's equally often.
   */
  readonly choose?: ((random: number) => number) | undefined;
  /** Share of the requests that change something; default: 0.1. */
  readonly writes?: number | undefined;
}

export function nextRequest(
  population: Population,
  random: () => number,
  { choose = (drawn) => Math.floor(drawn * population.tenants.length), writes = 0.1 }: Mix = {},
): { readonly tenant: Tenant; readonly planned: PlannedRequest } {
  const tenant = population.tenants[choose(random())];
  if (tenant === undefined) throw new Error("a load needs at least one tenant");
  const plans = random() < writes ? WRITES : READS;
  let drawn = random() * plans.reduce((sum, [share]) => sum + share, 0);
  for (const [share, plan] of plans) {
    if (drawn < share) return { tenant, planned: plan(tenant, population) };
    drawn -= share;
  }
  return { tenant, planned: readViewer() };
}
