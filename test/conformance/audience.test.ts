// Live events are enriched for an audience: once for all members with the same permissions, and never with more than
// they hold.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inviteMember, roleIds } from "../support/client/invitee.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  planId,
  signIn,
} from "../support/client/new-member.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

interface Data {
  readonly billingEvents: {
    readonly sequence: string;
    readonly actor: { readonly displayName: string; readonly email: string | null } | null;
    readonly event: {
      readonly paymentMethod?: { readonly id: string } | null;
    };
  };
}

const EVENTS = `subscription($org: ID!, $after: String) { billingEvents(organizationId: $org, after: $after) {
  sequence actor { displayName email } event { ... on PaymentMethodAttached { paymentMethod { id } } }
} }`;

/** Whether the audience may read the audit log shows in the invoice's trail, which is null for those who may not. */
const TRAILS = `subscription($org: ID!) { billingEvents(organizationId: $org, types: ["billing.invoice.issued.v1"]) {
  sequence event { ... on InvoiceChanged { invoice { id auditTrail(first: 1) { edges { node { id } } } } } }
} }`;

interface Trail {
  readonly billingEvents: { readonly event: { readonly invoice: { readonly auditTrail: object | null } | null } };
}

interface Started {
  readonly subscriptionStart: { readonly subscription: { readonly id: string; readonly version: number } };
}

/** Starts a plan with a card that is declined, and gives it up: an invoice is issued, and nothing is paid. */
async function startInVain({ client }: Member, { accountId }: Account, code: string): Promise<void> {
  const input = { accountId, planId: await planId(client, code), idempotencyKey: randomUUID() };
  const { subscriptionStart } = await client.request<Started>(
    "mutation($input: SubscriptionStartInput!) { subscriptionStart(input: $input) { subscription { id version } } }",
    { input },
  );
  const { id, version } = subscriptionStart.subscription;
  const end = { id, expectedVersion: version, when: "NOW", idempotencyKey: randomUUID() };
  await client.mutate("subscriptionCancel", end, "subscription { status }");
}

/** Until the gateway knows of the new role: it learns it by event. */
async function waitForRights({ client }: Member, { organizationId }: Account): Promise<void> {
  await waitFor(
    async () => {
      const query = "query($id: ID!) { viewer { permissions(organizationId: $id) } }";
      const data = await client.request<{ viewer: { permissions: string[] } }>(query, { id: organizationId });
      return data.viewer.permissions.includes("audit.read");
    },
    { what: "the new rights", intervalMs: 50 },
  );
}

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;
  let member: Member;
  let membershipId: string;
  let account: Account;

  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack, "Olga Owner");
    account = await newOrganization(owner);
    const invited = await newMember(stack, "Max Member");
    membershipId = await inviteMember(stack, owner, account, invited, "MEMBER");
    member = await signIn(stack, invited);
  });
  afterAll(() => stack?.stop());

  test("owner and member follow the same stream, each with what they may see", async () => {
    const clients = [owner, member].map(({ accessToken: token }) => createLiveClient({ url: stack.socketUrl, token }));
    try {
      const org = account.organizationId;
      const streams = await Promise.all(clients.map((client) => client.subscribe<Data>(EVENTS, { org })));
      const card = await attachCard(owner, account);
      for (const stream of streams) {
        const message = await stream.waitFor(
          "the card",
          ({ billingEvents }) => billingEvents.event.paymentMethod?.id === card,
        );
        expect(message.errors).toBeUndefined();
        expect(message.data?.billingEvents.actor).toEqual({ displayName: "Olga Owner", email: owner.email });
      }
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  });

  test("who may not follow a stream is refused, and the audit log tells of it [S5]", async () => {
    const live = createLiveClient({ url: stack.socketUrl, token: member.accessToken });
    try {
      const query = "subscription($org: ID!) { auditEvents(organizationId: $org) { sequence } }";
      const refused = await live.subscribe(query, { org: account.organizationId });
      const ended = await waitFor(() => refused.ended, { what: "the refusal" });
      expect(JSON.stringify(ended.error)).toContain("FORBIDDEN");
    } finally {
      await live.close();
    }
    const log = `query($id: ID!) { organization(id: $id) {
      auditLog(first: 5, filter: { actions: ["audit.access.denied"] }) { edges { node { outcome metadata } } } } }`;
    const entries = await waitFor(
      async () => {
        const { organization } = await owner.client.request<{
          organization: { auditLog: { edges: readonly { readonly node: unknown }[] } };
        }>(log, { id: account.organizationId });
        return organization.auditLog.edges.length > 0 && organization.auditLog.edges;
      },
      { what: "the audit entry of the refusal" },
    );
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries[0])).toContain("audit.read");
  });

  test("a member who becomes owner goes on in the same subscription, with the new rights and without a gap", async () => {
    const live = createLiveClient({ url: stack.socketUrl, token: member.accessToken });
    try {
      const org = account.organizationId;
      const all = await live.subscribe<Data>(EVENTS, { org });
      const trails = await live.subscribe<Trail>(TRAILS, { org });
      const issue = (code: string) => startInVain(owner, account, code);
      await attachCard(owner, account, "tok_declined");
      await issue("starter");
      const before = await trails.waitForCount(1);
      expect(before[0]?.data?.billingEvents.event.invoice?.auditTrail).toBeNull();

      const roles = await roleIds(owner, account, "OWNER");
      await owner.client.mutate("membershipUpdate", { id: membershipId, roleIds: roles }, "membership { id }");
      await waitForRights(member, account);
      await issue("team");
      const after = await trails.waitForCount(2);
      expect(after[1]?.data?.billingEvents.event.invoice?.auditTrail).not.toBeNull();

      await attachCard(owner, account);
      const sequences = () => all.messages.map(({ data }) => Number(data?.billingEvents.sequence));
      await all.waitForCount(14);
      expect(sequences()).toEqual(sequences().map((_sequence, index) => (sequences()[0] ?? 0) + index));
      expect([all.ended, trails.ended]).toEqual([undefined, undefined]);
    } finally {
      await live.close();
    }
  });
});
