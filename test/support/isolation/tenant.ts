// A tenant with something of everything, made through the public API.
import { randomUUID } from "node:crypto";
import { createLiveClient } from "../client/live-client.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  type PlatformAddress,
  planId,
  type StartedPlan,
} from "../client/new-member.ts";
import { namedId } from "../identities.ts";
import { waitFor } from "../wait.ts";
import type { TenantIds } from "./sample-values.ts";

export interface Tenant {
  readonly owner: Member;
  /** One id of every kind that the platform knows. */
  readonly ids: TenantIds;
  /** Ends what it keeps open. */
  close(): Promise<void>;
}

interface Found {
  readonly organization: {
    readonly roles: readonly { readonly id: string; readonly name: string }[];
    readonly members: { readonly edges: readonly { readonly node: { readonly id: string } }[] };
    readonly auditLog: { readonly edges: readonly { readonly node: { readonly id: string } }[] };
  };
}

export async function newTenant(platform: PlatformAddress, name: string): Promise<Tenant> {
  const owner = await newMember(platform, name);
  const account = await newOrganization(owner, name);
  const { organizationId } = account;
  const creditNoteId = await endPaidPlan(owner, account);
  // Declined, so that the invoice stays open: a call with this tenant's own ids is then refused for nothing but the
  // foreign one.
  const paymentMethodId = await attachCard(owner, account, "tok_declined");
  const { subscription, invoice, payment } = await startPlan(owner, account, "business");
  const found = await waitFor(
    async () => {
      const data = await owner.client.request<Found>(
        `query($id: ID!) { organization(id: $id) {
           roles { id name } members(first: 1) { edges { node { id } } } auditLog(first: 1) { edges { node { id } } }
         } }`,
        { id: organizationId },
      );
      return data.organization.auditLog.edges.length > 0 && data.organization;
    },
    { what: "an audit entry" },
  );
  const memberRole = found.roles.find((role) => role.name === "MEMBER")?.id ?? "";
  const { invitation } = await owner.client.mutate<{ invitation: { id: string } }>(
    "invitationCreate",
    {
      organizationId,
      email: `invited.${randomUUID().slice(0, 8)}@example.com`,
      roleIds: [memberRole],
      idempotencyKey: randomUUID(),
    },
    "invitation { id }",
  );
  const { organization } = await owner.client.request<{ organization: { provisioning: { id: string } } }>(
    "query($id: ID!) { organization(id: $id) { provisioning { id } } }",
    { id: organizationId },
  );
  const { provisioning } = organization;
  const { apiKey } = await owner.client.mutate<{ apiKey: { id: string } }>(
    "apiKeyCreate",
    { organizationId, name: "Nightly export", scopes: ["billing.read"], idempotencyKey: randomUUID() },
    "apiKey { id }",
  );
  const live = createLiveClient({
    url: `${platform.url.replace("http", "ws")}/graphql`,
    token: owner.accessToken,
  });
  await live.subscribe("subscription { identityEvents { sequence } }");
  const { liveSubscriptions } = await owner.client.request<{ liveSubscriptions: { id: string }[] }>(
    "{ liveSubscriptions { id } }",
  );
  return {
    owner,
    close: () => live.close(),
    ids: {
      usr: owner.userId,
      ses: owner.sessionId,
      org: organizationId,
      mem: found.members.edges[0]?.node.id ?? "",
      rol: memberRole,
      ivt: invitation.id,
      key: apiKey.id,
      sga: provisioning.id,
      acc: account.accountId,
      pm: paymentMethodId,
      sub: subscription.id,
      inv: invoice.id,
      pay: payment.id,
      cn: creditNoteId,
      aud: found.auditLog.edges[0]?.node.id ?? "",
      pln: await planId(owner.client, "team"),
      lsu: liveSubscriptions[0]?.id ?? "",
      // Dead letters and jobs' runs are nobody's.
      dlt: namedId("dlt", owner.userId),
      job: namedId("job", owner.userId),
      psk: namedId("psk", owner.userId),
      dom: namedId("dom", organizationId),
    },
  };
}

/** @returns the credit note for what was left of it */
async function endPaidPlan(owner: Member, account: Account): Promise<string> {
  await attachCard(owner, account, "tok_visa");
  const { subscription } = await startPlan(owner, account, "starter");
  const { creditNote } = await owner.client.mutate<{ creditNote: { id: string } }>(
    "subscriptionCancel",
    { id: subscription.id, expectedVersion: subscription.version, when: "NOW", idempotencyKey: randomUUID() },
    "creditNote { id }",
  );
  return creditNote.id;
}

interface Started extends StartedPlan {
  readonly subscription: StartedPlan["subscription"] & { readonly version: number };
}

async function startPlan(owner: Member, { accountId }: Account, code: string): Promise<Started> {
  const input = { accountId, planId: await planId(owner.client, code), idempotencyKey: randomUUID() };
  const { subscriptionStart } = await owner.client.request<{ subscriptionStart: Started }>(
    `mutation($input: SubscriptionStartInput!) { subscriptionStart(input: $input) {
       subscription { id status version } invoice { id status } payment { id status }
     } }`,
    { input },
  );
  return subscriptionStart;
}
