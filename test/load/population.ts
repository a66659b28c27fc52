// The people and organisations that a load needs, made through the public API before anything is measured.
import { randomUUID } from "node:crypto";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  type PlatformAddress,
  planId,
} from "../support/client/new-member.ts";

/** Somebody with an organisation that lives: a plan whose first invoice is open, since its card is declined. */
export interface Tenant extends Account {
  readonly member: Member;
  readonly invoiceId: string;
  /** Organisations that have a good card and no plan yet. */
  readonly fresh: Account[];
  /** Version of the organisation, for the next update. */
  version: number;
  /** What is under way: two updates or two payments of one thing at once would refuse each other, rightly. */
  readonly busy: Set<string>;
}

export interface Population {
  readonly tenants: readonly Tenant[];
  readonly planId: string;
}

/** Passwords are hashed on the server's threads: more people at once only wait for each other. */
const AT_ONCE = 4;

export async function populate(platform: PlatformAddress, count: number, freshEach: number): Promise<Population> {
  const tenants: Tenant[] = [];
  const makers = Array.from({ length: AT_ONCE }, async (_, maker) => {
    for (let index = maker; index < count; index += AT_ONCE) tenants.push(await newTenant(platform, freshEach));
  });
  await Promise.all(makers);
  const [first] = tenants;
  if (first === undefined) throw new Error("a load needs at least one tenant");
  return { tenants, planId: await planId(first.member.client) };
}

/** Starts a plan whose first payment is declined, which leaves the invoice open. */
async function declinedInvoice(member: Member, { accountId }: Account, plan: string): Promise<string> {
  const data = await member.client.request<{ subscriptionStart: { invoice: { id: string } } }>(
    "mutation ($input: SubscriptionStartInput!) { subscriptionStart(input: $input) { invoice { id } } }",
    { input: { accountId, planId: plan, idempotencyKey: randomUUID() } },
  );
  return data.subscriptionStart.invoice.id;
}

async function newTenant(platform: PlatformAddress, freshEach: number): Promise<Tenant> {
  const member = await newMember(platform, "Lena Load");
  const account = await newOrganization(member, "Load Works");
  await attachCard(member, account, "tok_declined");
  const plan = await planId(member.client);
  const invoiceId = await declinedInvoice(member, account, plan);
  const fresh: Account[] = [];
  for (let index = 0; index < freshEach; index += 1) {
    const organization = await newOrganization(member, "Fresh Works");
    await attachCard(member, organization);
    fresh.push(organization);
  }
  const { organization } = await member.client.request<{ organization: { version: number } }>(
    "query ($id: ID!) { organization(id: $id) { version } }",
    { id: account.organizationId },
  );
  return { ...account, member, invoiceId, fresh, version: organization.version, busy: new Set() };
}
