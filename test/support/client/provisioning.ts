// Organisations as they are set up: what a founder asks for, and what becomes of it.
import { randomUUID } from "node:crypto";
import { waitFor } from "../wait.ts";
import type { Member } from "./new-member.ts";

type Founder = Pick<Member, "client">;

export interface SagaView {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
}

export interface Founded {
  readonly organization: { readonly id: string; readonly status: string };
  readonly saga: SagaView;
}

export interface Provisioned {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly status: string;
  readonly provisioning: SagaView & {
    readonly failure: string | null;
    readonly steps: readonly { readonly name: string; readonly state: string; readonly error: string | null }[];
  };
  readonly billingAccount: {
    readonly id: string;
    readonly status: string;
    readonly subscriptions: { readonly edges: readonly { readonly node: { readonly status: string } }[] };
  } | null;
}

const READ = `query($id: ID!) { organization(id: $id) {
  id name slug status
  provisioning { id kind state failure steps { name state error } }
  billingAccount {
    id status amountDue { amountMinor } paymentMethods { last4 isDefault }
    subscriptions(first: 5) { edges { node { status plan { code } } } }
    invoices(first: 5) { edges { node { status } } } } } }`;

const ENDED = ["COMPLETED", "COMPENSATED"];

export function founded({ client }: Founder, input: object): Promise<Founded> {
  const keyed = { ...input, idempotencyKey: randomUUID() };
  return client.mutate<Founded>("organizationCreate", keyed, "organization { id status } saga { id kind state }");
}

export function createWithPlan(
  founder: Founder,
  planCode: string,
  providerToken: string,
  slug = `p-${randomUUID().slice(0, 18)}`,
): Promise<Founded> {
  return founded(founder, { name: "Paid Works", slug, planCode, providerToken });
}

/** What its members see; `billingAccount` is null for whoever may not read it. */
export async function readProvisioned({ client }: Founder, id: string): Promise<Provisioned> {
  const { data } = await client.send<{ organization: Provisioned }>(READ, { id });
  if (data == null) throw new Error(`the organisation ${id} cannot be read`);
  return data.organization;
}

/** Waits until it is set up, or all is undone. */
export function endOfSaga(founder: Founder, id: string, deadlineMs = 30_000): Promise<Provisioned> {
  const ended = async () => {
    const seen = await readProvisioned(founder, id);
    // The signed identity may be from before: rights follow within a second.
    const settled = seen.status === "ACTIVE" ? seen.billingAccount !== null : seen.billingAccount === null;
    return ENDED.includes(seen.provisioning.state) && settled && seen;
  };
  return waitFor(ended, { what: `the saga of ${id} to end`, deadlineMs, intervalMs: 100 });
}

/** Each with its state, and why it failed. */
export function stepsOf({ provisioning }: Provisioned): string[] {
  return provisioning.steps.map(({ name, state, error }) =>
    [name, state, ...(error === null ? [] : [error])].join(" "),
  );
}
