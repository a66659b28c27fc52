// The chained seed: each step is what a person does, through the public API only. Every test makes its own people and
// organisations.
import { randomUUID } from "node:crypto";
import { waitFor } from "../wait.ts";
import { createGraphQLClient, type GraphQLClient } from "./graphql-client.ts";
import { tokenFromMail } from "./mailbox-client.ts";
import { newCardToken } from "./test-cards.ts";

/** Where a running platform is. */
export interface PlatformAddress {
  /** e.g. http://127.0.0.1:4000 */
  readonly url: string;
  /** e.g. http://127.0.0.1:4000/mailbox */
  readonly mailbox: string;
  /** How long a mail is waited for; default 10 s. */
  readonly mailDeadlineMs?: number;
}

export interface Person {
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
}

export interface Member extends Person {
  readonly userId: string;
  readonly sessionId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly client: GraphQLClient;
}

export interface Account {
  readonly organizationId: string;
  readonly accountId: string;
}

function apiOf({ url }: PlatformAddress): GraphQLClient {
  return createGraphQLClient(`${url}/graphql`);
}

/** @param email default: an address that nobody has */
export async function register(
  platform: PlatformAddress,
  displayName = "Ada Tester",
  email = `ada.${randomUUID().slice(0, 13)}@example.com`,
): Promise<Person> {
  const person = { email, password: `correct horse ${randomUUID().slice(0, 8)}`, displayName };
  await apiOf(platform).mutate("userRegister", person, "accepted");
  return person;
}

export async function verify(platform: PlatformAddress, person: Person): Promise<void> {
  const token = await tokenFromMail(platform.mailbox, person.email, "/verify", platform.mailDeadlineMs);
  await apiOf(platform).mutate("emailVerify", { token }, "user { id }");
}

interface SessionPayload {
  readonly session: { readonly id: string; readonly user: { readonly id: string } };
  readonly tokens: { readonly accessToken: string; readonly refreshToken: string };
}

export async function signIn(platform: PlatformAddress, person: Person): Promise<Member> {
  const api = apiOf(platform);
  const { email, password } = person;
  const selection = "session { id user { id } } tokens { accessToken refreshToken }";
  const { session, tokens } = await api.mutate<SessionPayload>("sessionCreate", { email, password }, selection);
  const { accessToken, refreshToken } = tokens;
  const ids = { userId: session.user.id, sessionId: session.id };
  return { ...person, ...ids, accessToken, refreshToken, client: api.as(accessToken) };
}

/** Registered, verified and signed in. */
export async function newMember(platform: PlatformAddress, displayName?: string): Promise<Member> {
  const person = await register(platform, displayName);
  await verify(platform, person);
  return signIn(platform, person);
}

/** Of an organisation that `newOrganization` made: it is created, then active. */
export const NEW_ORGANIZATION_VERSION = 2;

/** Creates an organisation and waits for all that follows: its billing account and the founder's welcome mail. */
export async function newOrganization(owner: Member, name = "Test Works"): Promise<Account> {
  const slug = `t-${randomUUID().slice(0, 18)}`;
  const { organization } = await owner.client.mutate<{ organization: { id: string } }>(
    "organizationCreate",
    { name, slug, idempotencyKey: randomUUID() },
    "organization { id }",
  );
  const accountId = await waitFor(
    async () => {
      const data = await owner.client.request<{ organization: { billingAccount: { id: string } | null } }>(
        "query($id: ID!) { organization(id: $id) { billingAccount { id } } }",
        { id: organization.id },
      );
      return data.organization.billingAccount?.id;
    },
    { what: "the billing account", intervalMs: 50 },
  );
  await waitFor(() => isRecorded(owner, organization.id, "user.email.delivered"), {
    what: "the audit entry of the welcome mail",
    intervalMs: 50,
  });
  return { organizationId: organization.id, accountId };
}

/** Has the audit log heard of it? Then the event log holds it: whoever subscribes from now on is not sent it. */
async function isRecorded(owner: Member, organizationId: string, action: string): Promise<boolean> {
  const { organization } = await owner.client.request<{ organization: { auditLog: { edges: unknown[] } } }>(
    `query($id: ID!, $actions: [String!]) {
      organization(id: $id) { auditLog(first: 1, filter: { actions: $actions }) { edges { node { action } } } } }`,
    { id: organizationId, actions: [action] },
  );
  return organization.auditLog.edges.length > 0;
}

export async function attachCard(
  owner: Member,
  { accountId }: Account,
  providerToken = newCardToken(),
): Promise<string> {
  const input = { accountId, providerToken, makeDefault: true, idempotencyKey: randomUUID() };
  const payload = await owner.client.mutate<{ paymentMethod: { id: string } }>(
    "paymentMethodAttach",
    input,
    "paymentMethod { id }",
  );
  return payload.paymentMethod.id;
}

export async function planId(client: GraphQLClient, code = "starter"): Promise<string> {
  const data = await client.request<{ plan: { id: string } }>("query($code: String!) { plan(code: $code) { id } }", {
    code,
  });
  return data.plan.id;
}

export interface StartedPlan {
  readonly subscription: { readonly id: string; readonly status: string };
  readonly invoice: { readonly id: string; readonly status: string };
  readonly payment: { readonly id: string; readonly status: string };
}

export async function startPlan(owner: Member, { accountId }: Account, code = "starter"): Promise<StartedPlan> {
  const input = { accountId, planId: await planId(owner.client, code), idempotencyKey: randomUUID() };
  const selection = "subscription { id status } invoice { id status } payment { id status }";
  return owner.client.mutate<StartedPlan>("subscriptionStart", input, selection);
}

interface Running {
  readonly organization: {
    readonly billingAccount: {
      readonly subscriptions: {
        readonly edges: readonly { readonly node: { readonly id: string; readonly version: number } }[];
      };
    };
  };
}

/** Another plan in place of the one that runs, from now on. */
export async function changePlan(owner: Member, { organizationId }: Account, code: string): Promise<void> {
  const { organization } = await owner.client.request<Running>(
    `query($id: ID!) { organization(id: $id) { billingAccount {
      subscriptions(first: 1) { edges { node { id version } } } } } }`,
    { id: organizationId },
  );
  const node = organization.billingAccount.subscriptions.edges[0]?.node;
  if (node === undefined) throw new Error("no plan runs that could be changed");
  const wanted = { id: node.id, expectedVersion: node.version, planId: await planId(owner.client, code), when: "NOW" };
  await owner.client.mutate("subscriptionChange", { ...wanted, idempotencyKey: randomUUID() }, "subscription { id }");
}
