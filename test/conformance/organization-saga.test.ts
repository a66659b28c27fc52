// S83, S89, S90: an organisation is set up by several subgraphs, over both topologies: it is active with all that was
// asked for, or closed with nothing left.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGraphQLClient } from "../support/client/graphql-client.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type Member, newMember, signIn, verify } from "../support/client/new-member.ts";
import { createWithPlan, endOfSaga, founded, readProvisioned, stepsOf } from "../support/client/provisioning.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const FOLLOW = `subscription($org: ID!, $after: String) {
  identityEvents(organizationId: $org, after: $after) {
    type event { ... on SagaChanged { fromState toState failure saga { id state } } } } }`;

interface SagaMessage {
  readonly identityEvents: {
    readonly type: string;
    readonly event: { readonly fromState?: string | null; readonly toState?: string };
  };
}

describe.each(TOPOLOGIES)("%s: the setting up of an organisation", (topology) => {
  let stack: Stack;
  let owner: Member;
  beforeAll(async () => {
    // Slow cards leave time to look.
    stack = await startStack(topology, { settings: { SANDBOX_PROVIDER_DELAY_MS: "5000" } });
    owner = await newMember(stack, "Olga Owner");
  });
  afterAll(() => stack?.stop());

  test("without a plan: it is there at once, then has its account and is active [S83]", async () => {
    const { organization, saga } = await founded(owner, { name: "Plain Works" });
    expect([organization.status, saga.state, saga.kind]).toEqual([
      "PROVISIONING",
      "RUNNING",
      "ORGANIZATION_PROVISIONING",
    ]);
    const end = await endOfSaga(owner, organization.id);
    expect([end.status, end.provisioning.state, end.provisioning.failure]).toEqual(["ACTIVE", "COMPLETED", null]);
    expect(stepsOf(end)).toEqual(["organization DONE", "billing_account DONE", "activation DONE"]);
    expect(end.provisioning.id).toBe(saga.id);
    expect(end.billingAccount?.status).toBe("ACTIVE");
    const { node } = await owner.client.request<{ node: unknown }>(
      "query($id: ID!) { node(id: $id) { ... on Saga { state finishedAt steps { service attempts compensatedAt } } } }",
      { id: saga.id },
    );
    const step = (service: string) => ({ service, attempts: 1, compensatedAt: null });
    const steps = [step("user"), step("billing"), step("user")];
    expect(node).toEqual({ state: "COMPLETED", finishedAt: expect.any(String), steps });
  });

  test("with a plan: the card is kept, the plan paid and the organisation active [S83] [S89]", async () => {
    const { organization } = await createWithPlan(owner, "team", "tok_visa");
    const end = await endOfSaga(owner, organization.id);
    expect([end.status, end.provisioning.state]).toEqual(["ACTIVE", "COMPLETED"]);
    expect(stepsOf(end)).toEqual([
      "organization DONE",
      "billing_account DONE",
      "payment_method DONE",
      "subscription DONE",
      "activation DONE",
    ]);
    expect(end.billingAccount).toMatchObject({
      status: "ACTIVE",
      amountDue: { amountMinor: "0" },
      paymentMethods: [{ last4: "4242", isDefault: true }],
      subscriptions: { edges: [{ node: { status: "ACTIVE", plan: { code: "team" } } }] },
      invoices: { edges: [{ node: { status: "PAID" } }] },
    });
  });

  test("while the plan is not paid, nothing else is sold to it; a slow card is waited for", async () => {
    const { organization } = await createWithPlan(owner, "team", "tok_slow");
    const pending = await waitFor(
      async () => {
        const seen = await readProvisioned(owner, organization.id);
        return seen.billingAccount?.subscriptions.edges.length === 1 && seen;
      },
      { what: "the plan to be started", intervalMs: 50 },
    );
    expect([pending.status, pending.billingAccount?.status]).toEqual(["PROVISIONING", "PENDING"]);
    const card = { accountId: pending.billingAccount?.id, providerToken: "tok_visa", idempotencyKey: randomUUID() };
    await expect(owner.client.mutate("paymentMethodAttach", card, "paymentMethod { id }")).rejects.toThrow(
      "STATE_INVALID",
    );
    const end = await endOfSaga(owner, organization.id);
    expect([end.status, end.billingAccount?.status]).toEqual(["ACTIVE", "ACTIVE"]);
  });

  test("a declined card: everything is undone, step by step, and says why [S89]", async () => {
    const slug = `d-${randomUUID().slice(0, 18)}`;
    const { organization } = await createWithPlan(owner, "team", "tok_declined", slug);
    const end = await endOfSaga(owner, organization.id);
    const reason = "The card was declined: use another card, or ask the bank that issued it.";
    expect([end.status, end.provisioning.state, end.provisioning.failure]).toEqual(["CLOSED", "COMPENSATED", reason]);
    expect(stepsOf(end)).toEqual([
      "organization COMPENSATED",
      "billing_account COMPENSATED",
      "payment_method COMPENSATED",
      `subscription COMPENSATED ${reason}`,
      "activation SKIPPED",
    ]);
    expect(end.slug).not.toBe(slug);
    // Its members see it, and what became of it, and nothing else.
    expect(end.billingAccount).toBeNull();
    const { name } = await readProvisioned(owner, organization.id);
    expect(name).toBe("Paid Works");
    const card = { organizationId: organization.id, email: "bob@example.com", roleIds: [] };
    const invitation = { ...card, idempotencyKey: randomUUID() };
    await expect(owner.client.mutate("invitationCreate", invitation, "invitation { id }")).rejects.toThrow();

    // Another try may have the same slug, since this one never came to be.
    const again = await createWithPlan(owner, "team", "tok_visa", slug);
    expect((await endOfSaga(owner, again.organization.id)).status).toBe("ACTIVE");
  });

  test("what billing refuses is undone with its reason: an unknown plan, an unknown token [S89]", async () => {
    const plan = await createWithPlan(owner, "no-such-plan", "tok_visa");
    const token = await createWithPlan(owner, "team", "tok_unheard_of");
    const noPlan = await endOfSaga(owner, plan.organization.id);
    expect([noPlan.status, noPlan.provisioning.failure]).toEqual(["CLOSED", "There is no plan no-such-plan."]);
    const noToken = await endOfSaga(owner, token.organization.id);
    expect(noToken.status).toBe("CLOSED");
    expect(noToken.provisioning.failure).toContain("The sandbox knows these test tokens");
    expect(stepsOf(noToken).at(3)).toBe("subscription SKIPPED");
  });

  test("bad input is refused beside its field before anything is made [S15]", async () => {
    const create = (input: object) =>
      owner.client.mutate(
        "organizationCreate",
        { name: "X Works", idempotencyKey: randomUUID(), ...input },
        "organization { id }",
      );
    await expect(create({ planCode: "team" })).rejects.toThrow("BLANK");
    await expect(create({ providerToken: "tok_visa" })).rejects.toThrow("BLANK");
    await expect(create({ planCode: "Team!", providerToken: "tok_visa" })).rejects.toThrow("INVALID");
    await expect(create({ planCode: "team", providerToken: "4242 4242 4242 4242" })).rejects.toThrow("INVALID");
  });

  test("who registers may ask for an organisation with a plan; it is set up when the address is confirmed [S83] [S89]", async () => {
    const person = {
      email: `rita.${randomUUID().slice(0, 13)}@example.com`,
      password: "correct horse battery",
      displayName: "Rita",
    };
    const wish = { organizationName: "Rita Works", planCode: "starter", providerToken: "tok_mastercard" };
    const api = createGraphQLClient(`${stack.url}/graphql`);
    const payload = await api.mutate("userRegister", { ...person, ...wish }, "accepted");
    expect(payload).toMatchObject({ accepted: true });
    await verify(stack, person);
    const rita = await signIn(stack, person);
    const query = "{ viewer { memberships(first: 5) { edges { node { organization { id name slug } } } } } }";
    const { viewer } = await rita.client.request<Memberships>(query);
    const [edge] = viewer.memberships.edges;
    expect(edge?.node.organization).toMatchObject({ name: "Rita Works", slug: expect.stringMatching(/^rita-works/) });
    const end = await endOfSaga(rita, edge?.node.organization.id ?? "");
    expect([end.status, end.billingAccount?.subscriptions.edges[0]?.node.status]).toEqual(["ACTIVE", "ACTIVE"]);
    // Neither the log nor the audit trail ever held the token in the clear.
    for (const [subgraph, kept] of [
      ["user", "envelope AS text, tenant_id FROM outbox"],
      ["user", "input::text AS text, tenant_id FROM saga"],
      ["billing", "envelope AS text, tenant_id FROM outbox"],
      ["audit", "metadata::text AS text, tenant_id FROM audit_entry"],
    ] as const) {
      const sql = `SELECT text LIKE '%tok_mastercard%' AS told FROM (SELECT ${kept}) AS kept WHERE tenant_id = $1`;
      const told = await rowsOf<{ told: boolean }>(stack, subgraph, sql, [end.id]);
      expect([told.length > 0, told.some((row) => row.told)], kept).toEqual([true, false]);
    }
    await expect(
      api.mutate("userRegister", { ...person, planCode: "team", providerToken: "tok_visa" }, "accepted"),
    ).rejects.toThrow("BLANK");
  });

  test("its members follow it live, and hear why it turns back [S90]", async () => {
    const { organization } = await createWithPlan(owner, "team", "tok_slow_declined");
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    try {
      const stream = await live.subscribe<SagaMessage>(FOLLOW, { org: organization.id });
      // Closed, it is not followed any more: whoever is held off may not read its events.
      await stream.waitFor(
        "the saga to turn back",
        ({ identityEvents: { event } }) => event.toState === "COMPENSATING",
      );
    } finally {
      await live.close();
    }
    expect((await endOfSaga(owner, organization.id)).status).toBe("CLOSED");
  });

  test("another organisation's saga is like none", async () => {
    const { saga } = await founded(owner, { name: "Hidden Works" });
    const stranger = await newMember(stack, "Sam Stranger");
    const read = "query($id: ID!) { saga(id: $id) { id } node(id: $id) { id } }";
    const { data, errors } = await stranger.client.send(read, { id: saga.id });
    expect(data).toEqual({ saga: null, node: null });
    expect(errors?.map(({ extensions }) => extensions?.["code"])).toEqual(["NOT_FOUND"]);
    expect(await owner.client.request(read, { id: saga.id })).toEqual({ saga: { id: saga.id }, node: { id: saga.id } });
  });
});

interface Memberships {
  readonly viewer: {
    readonly memberships: {
      readonly edges: readonly {
        readonly node: { readonly organization: { readonly id: string; readonly name: string; readonly slug: string } };
      }[];
    };
  };
}
