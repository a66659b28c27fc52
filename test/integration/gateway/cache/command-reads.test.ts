// What every mutation changes, read before and after it through the caches of two gateways: at once by the gateway that
// carried it out, and by the other one as soon as it has the event.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGraphQLClient, type GraphQLClient } from "../../../support/client/graphql-client.ts";
import { tokenFromMail } from "../../../support/client/mailbox-client.ts";
import {
  type Account,
  attachCard,
  type Member,
  NEW_ORGANIZATION_VERSION,
  newMember,
  newOrganization,
  planId,
} from "../../../support/client/new-member.ts";
import type { Stack } from "../../../support/stack/stack.ts";
import { startStack } from "../../../support/stack/start-stack.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { sizeOf } from "../../../tiers.ts";

const BELOW: Readonly<Record<string, string>> = {
  organization: "id name version status roles { id name permissions }",
  members:
    "members(first: 50) { totalCount edges { node { id version roles { name } user { id displayName status } } } }",
  invitations: "invitations(first: 50) { totalCount edges { node { id status } } }",
  account: `billingAccount { id amountDue { amountMinor } paymentMethods { id isDefault }
    subscriptions(first: 50) { edges { node { id status plan { code } } } } }`,
  invoices: `billingAccount { invoices(first: 50) { totalCount edges { node
    { id status paidAt amountDue { amountMinor } payments { id status } subscription { status } } } } }`,
  log: "auditLog(first: 50) { edges { node { id action actor { kind user { id } } } } }",
};

/** Everything that may be cached of an organisation and of whoever looks, as text. */
async function look(client: GraphQLClient, organizationId: string): Promise<string> {
  const parts = Object.values(BELOW).map((selection) =>
    client.request(`query($id: ID!) { organization(id: $id) { ${selection} } }`, { id: organizationId }),
  );
  const own = client.request(
    `{ viewer { user { id status } sessions(first: 50) { totalCount } memberships(first: 50) { totalCount } }
       plans(first: 20) { edges { node { code status } } } }`,
  );
  return JSON.stringify(await Promise.all([...parts, own]));
}

/** One of `text` per reader: what a change adds is not there before it. */
interface Step {
  readonly name: string;
  run(): Promise<unknown>;
  /** In the owner's view. */
  readonly shows: string | (() => string);
}

/** Between two looks at what another gateway has yet to hear. */
const PAUSE_MS = 20;

let stack: Stack;

function through(gateway: number, { accessToken }: Member): GraphQLClient {
  return createGraphQLClient(`${stack.gateways[gateway]?.url}/graphql`, accessToken);
}

interface Roles {
  readonly OWNER: string;
  readonly MEMBER: string;
}

async function rolesOf({ client }: Member, organizationId: string): Promise<Roles> {
  const { organization } = await client.request<{ organization: { roles: { id: string; name: string }[] } }>(
    "query($id: ID!) { organization(id: $id) { roles { id name } } }",
    { id: organizationId },
  );
  const named = (name: string) => organization.roles.find((role) => role.name === name)?.id ?? "";
  return { OWNER: named("OWNER"), MEMBER: named("MEMBER") };
}

async function hits(gateway: number): Promise<number> {
  const page = await fetch(`${stack.gateways[gateway]?.url}/metrics`).then((response) => response.text());
  return Number(/^tributary_entity_cache_fetches_total\{result="hit"\} (\d+)$/m.exec(page)?.[1]);
}

function stepsOf(owner: Member, friend: Member, { organizationId, accountId }: Account, roles: Roles): Step[] {
  const key = () => ({ idempotencyKey: randomUUID() });
  let membershipId = "";
  let roleId = "";
  let invoiceId = "";
  return [
    {
      name: "organizationUpdate",
      run: () =>
        owner.client.mutate(
          "organizationUpdate",
          { id: organizationId, expectedVersion: NEW_ORGANIZATION_VERSION, name: "Renamed Works" },
          "organization { name }",
        ),
      shows: '"name":"Renamed Works"',
    },
    {
      name: "invitationCreate",
      run: () =>
        owner.client.mutate(
          "invitationCreate",
          { organizationId, email: friend.email, roleIds: [roles.MEMBER], ...key() },
          "invitation { id }",
        ),
      shows: '"status":"PENDING"',
    },
    {
      name: "invitationAccept",
      run: async () => {
        const token = await tokenFromMail(stack.mailbox, friend.email, "/invite");
        const { membership } = await friend.client.mutate<{ membership: { id: string } }>(
          "invitationAccept",
          { token },
          "membership { id }",
        );
        membershipId = membership.id;
      },
      shows: `"user":{"id":"${friend.userId}"`,
    },
    {
      name: "membershipUpdate",
      run: () =>
        owner.client.mutate("membershipUpdate", { id: membershipId, roleIds: [roles.OWNER] }, "membership { id }"),
      shows: () => `"id":"${membershipId}","version":2,"roles":[{"name":"OWNER"}]`,
    },
    {
      name: "membershipRemove",
      run: () => owner.client.mutate("membershipRemove", { id: membershipId }, "removedId"),
      shows: '"members":{"totalCount":1',
    },
    {
      name: "invitationRevoke",
      run: async () => {
        const input = { organizationId, email: friend.email, roleIds: [roles.MEMBER], ...key() };
        const created = await owner.client.mutate<{ invitation: { id: string } }>(
          "invitationCreate",
          input,
          "invitation { id }",
        );
        await owner.client.mutate("invitationRevoke", { id: created.invitation.id }, "invitation { status }");
      },
      shows: '"status":"REVOKED"',
    },
    {
      name: "roleCreate",
      run: async () => {
        const input = { organizationId, name: "Support", permissions: ["members.read"], ...key() };
        roleId = (await owner.client.mutate<{ role: { id: string } }>("roleCreate", input, "role { id }")).role.id;
      },
      shows: '"name":"Support"',
    },
    {
      name: "roleUpdate",
      run: () => owner.client.mutate("roleUpdate", { id: roleId, name: "Help desk" }, "role { name }"),
      shows: '"name":"Help desk"',
    },
    {
      name: "paymentMethodAttach",
      run: () => attachCard(owner, { organizationId, accountId }),
      shows: '"isDefault":true',
    },
    {
      name: "paymentMethodAttach, another default",
      run: () => attachCard(owner, { organizationId, accountId }, "tok_insufficient_funds"),
      shows: '"isDefault":false',
    },
    {
      name: "subscriptionStart, declined",
      run: async () => {
        const { data, extensions } = await owner.client.send<{ subscriptionStart: { invoice: { id: string } } }>(
          `mutation($input: SubscriptionStartInput!) {
             subscriptionStart(input: $input) { invoice { id status } userErrors { code } } }`,
          { input: { accountId, planId: await planId(owner.client), ...key() } },
        );
        invoiceId = data?.subscriptionStart.invoice.id ?? "";
        // What the subgraph tells its gateway stays there.
        expect(extensions).not.toHaveProperty("changes");
      },
      shows: '"status":"OPEN"',
    },
    {
      name: "invoicePay",
      run: async () => {
        const paymentMethodId = await attachCard(owner, { organizationId, accountId });
        await owner.client.mutate("invoicePay", { id: invoiceId, paymentMethodId, ...key() }, "invoice { status }");
      },
      shows: '"status":"PAID"',
    },
    {
      name: "sessionCreate",
      run: () =>
        owner.client.mutate("sessionCreate", { email: owner.email, password: owner.password }, "session { id }"),
      shows: '"sessions":{"totalCount":2}',
    },
    {
      name: "organizationCreate",
      run: () => owner.client.mutate("organizationCreate", { name: "Second Works", ...key() }, "organization { id }"),
      shows: '"memberships":{"totalCount":2}',
    },
  ];
}

const OWNERS = 10;

describe.each([
  { caches: "both caches", settings: {}, writes: 1_000 },
  { caches: "the entity cache alone", settings: { RESPONSE_CACHE_MB: "0" }, writes: sizeOf("entityCacheWrites") },
])("with $caches", ({ settings, writes }) => {
  beforeAll(async () => {
    stack = await startStack("distributed", { gateways: 2, settings });
  });

  afterAll(() => stack.stop());

  test("what a mutation changed is seen at once through its gateway, and soon through the other [CA-02]", async () => {
    const [owner, friend] = await Promise.all([newMember(stack, "Grace Owner"), newMember(stack, "Alan Friend")]);
    const account = await newOrganization(owner);
    const { organizationId } = account;
    const [here, there] = [through(0, owner), through(1, owner)];
    for (const { name, run, shows } of stepsOf(owner, friend, account, await rolesOf(owner, organizationId))) {
      // Twice: what was kept by the first look answers the second.
      for (const reader of [here, there, here, there]) {
        const before = await look(reader, organizationId);
        if (typeof shows === "string") expect(before, `${name}: before`).not.toContain(shows);
      }
      await run();
      const change = typeof shows === "string" ? shows : shows();
      expect(await look(here, organizationId), `${name}: own gateway`).toContain(change);
      await waitWithin(5_000, async () => (await look(there, organizationId)).includes(change), {
        what: `${name} through the other gateway`,
      });
    }
    await waitFor(
      async () => {
        const views = await Promise.all([look(here, organizationId), look(there, organizationId)]);
        return views[0] === views[1] && views[0].includes("billing.invoice.paid");
      },
      { what: "both gateways to show the same, the audit log included" },
    );
    for (const gateway of [0, 1]) expect(await hits(gateway)).toBeGreaterThan(10);
  });

  test(`${writes} writes are each read at once where they were written, and by the other gateway within a second [CA-02]`, async () => {
    /**
     * How long after its write the last read began that did not show it, and the pause behind that; 0: there was none.
     */
    const staleFor: number[] = [];
    let stale = 0;
    async function rename(owner: Member, organizationId: string): Promise<void> {
      const read = async (gateway: number) => {
        const { organization } = await through(gateway, owner).request<{ organization: { name: string } }>(
          "query($id: ID!) { organization(id: $id) { name version } }",
          { id: organizationId },
        );
        return organization.name;
      };
      for (let write = 0; write < writes / OWNERS; write += 1) {
        const name = `Works ${write}`;
        const input = { id: organizationId, expectedVersion: NEW_ORGANIZATION_VERSION + write, name };
        await owner.client.mutate("organizationUpdate", input, "organization { version }");
        const written = performance.now();
        const own = read(0);
        let last = 0;
        const shown = async () => {
          const begun = performance.now();
          if ((await read(1)) === name) return true;
          last = begun - written + PAUSE_MS;
          return false;
        };
        // Asked without a pause, ten readers would take the processor from what they wait for.
        await waitFor(shown, { what: `${name} through the other gateway`, deadlineMs: 30_000, intervalMs: PAUSE_MS });
        staleFor.push(last);
        if ((await own) !== name) stale += 1;
      }
    }
    const owners = await Promise.all(Array.from({ length: OWNERS }, () => newMember(stack)));
    const organizations = await Promise.all(owners.map((owner) => newOrganization(owner)));
    await Promise.all(owners.map((owner, at) => rename(owner, organizations[at]?.organizationId ?? "")));
    staleFor.sort((left, right) => left - right);
    expect(stale).toBe(0);
    expect(staleFor[Math.floor(staleFor.length * 0.99)]).toBeLessThan(1_000);
    expect(staleFor.at(-1)).toBeLessThan(5_000);
  }, 180_000);

  test("a thousand reads of the same ids at once give nobody what is another's [CA-07]", async () => {
    const [owner, member, stranger] = await Promise.all([newMember(stack), newMember(stack), newMember(stack)]);
    const { organizationId } = await newOrganization(owner, "First Works");
    await newOrganization(stranger, "Other Works");
    const roles = await rolesOf(owner, organizationId);
    await owner.client.mutate(
      "invitationCreate",
      { organizationId, email: member.email, roleIds: [roles.MEMBER], idempotencyKey: randomUUID() },
      "invitation { id }",
    );
    const token = await tokenFromMail(stack.mailbox, member.email, "/invite");
    await member.client.mutate("invitationAccept", { token }, "membership { id }");

    const document = `query($id: ID!, $user: ID!) {
    organization(id: $id) { name billingAccount { id } auditLog(first: 1) { edges { node { id } } } members(first: 1) { totalCount } }
    node(id: $user) { id }
  }`;
    const variables = { id: organizationId, user: owner.userId };
    const expected = [
      { caller: owner, name: "First Works", log: true, seesOwner: true },
      { caller: member, name: "First Works", log: false, seesOwner: true },
      { caller: stranger, name: undefined, log: false, seesOwner: false },
      { caller: undefined, name: undefined, log: false, seesOwner: false },
    ];
    const clients = [0, 1].map((gateway) => createGraphQLClient(`${stack.gateways[gateway]?.url}/graphql`));
    let crossings = 0;
    async function ask(turn: number): Promise<void> {
      const case_ = expected[turn % expected.length];
      const client = clients[turn % 2];
      if (case_ === undefined || client === undefined) throw new Error("no such turn");
      const { caller, name, log, seesOwner } = case_;
      const as = caller === undefined ? client : client.as(caller.accessToken);
      const { data } = await as.answered<{
        organization: { name: string; auditLog: object | null; billingAccount: object | null } | null;
        node: { id: string } | null;
      }>(document, variables);
      const seen = data?.organization;
      const right =
        seen?.name === name &&
        (seen?.auditLog != null) === log &&
        (seen?.billingAccount != null) === (name !== undefined) &&
        (data?.node != null) === seesOwner;
      if (!right) crossings += 1;
    }
    for (let begun = 0; begun < 1_000; begun += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => ask(begun + index)));
    }
    expect(crossings).toBe(0);
  });
});
