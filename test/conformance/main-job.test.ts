// The platform's main job, the same assertions on both topologies.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AUDIT_EVENTS, type AuditData, BILLING_EVENTS, type BillingData, runDemo } from "../demo/journey.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { attachCard, newMember, newOrganization, planId, startPlan } from "../support/client/new-member.ts";
import { startProcess } from "../support/process.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack(topology);
  });
  afterAll(() => stack?.stop());

  test("a payment appears live with the invoice's total, the payer's name and the audit entry's hash [S91][S94][S100][S104][S122]", async () => {
    const lines: string[] = [];
    const outcome = await runDemo(stack, (line) => lines.push(line));
    expect(lines.join("\n")).toContain("billing.invoice.paid");
    // Sequences count the organisation's events without a hole: nothing was lost, nothing came twice.
    const first = Number(outcome.billing.messages[0]?.data?.billingEvents.sequence);
    const sequences = outcome.billing.messages.map(({ data }) => Number(data?.billingEvents.sequence));
    expect(sequences).toEqual(sequences.map((_sequence, index) => first + index));
  });

  test("`npm run demo` exits 0 on a platform that works and 1 where something expected does not come", async () => {
    const demo = async (url: string, mailbox: string, ...more: string[]) => {
      const run = await startProcess({
        entry: "test/demo/main.ts",
        entryArguments: ["--url", url, "--mailbox", mailbox, ...more],
      });
      return { ...(await run.exited), output: await run.output() };
    };
    expect(await demo(stack.url, stack.mailbox)).toMatchObject({
      code: 0,
      output: expect.stringContaining("The demo passed"),
    });
    // A mailbox in which no mail arrives.
    const lost = await demo(stack.url, `${stack.url}/nowhere`, "--mail-deadline", "1000");
    expect(lost).toMatchObject({ code: 1, output: expect.stringContaining("The demo failed") });
  });

  test("a subscriber that was away for 30 events gets exactly those, in order, then live ones [EV-09][S106]", async () => {
    const owner = await newMember(stack);
    const account = await newOrganization(owner);
    const org = account.organizationId;
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    const before = await live.subscribe<BillingData>(BILLING_EVENTS, { org });
    await attachCard(owner, account);
    await before.waitForCount(1);
    live.drop();
    await waitFor(() => before.ended !== undefined, { what: "the cut to be noticed" });
    for (let count = 0; count < 30; count += 1) await attachCard(owner, account);

    const again = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    const after = await again.subscribe<BillingData>(BILLING_EVENTS, { org, after: before.cursor() });
    await after.waitForCount(30, 10_000);
    await attachCard(owner, account);
    await after.waitForCount(31);
    const last = Number(before.messages.at(-1)?.data?.billingEvents.sequence);
    const sequences = after.messages.map(({ data }) => Number(data?.billingEvents.sequence));
    expect(sequences).toEqual(Array.from({ length: 31 }, (_value, index) => last + 1 + index));
    await again.close();
  });

  test("every event of an organisation has exactly one audit entry, linked by hash; a chain shares its correlation [S48][S56][S95]", async () => {
    const owner = await newMember(stack);
    const account = await newOrganization(owner);
    await attachCard(owner, account);
    await startPlan(owner, account);
    const expected = [
      "billing.account.opened",
      "billing.entitlement.changed",
      "billing.invoice.issued",
      "billing.invoice.paid",
      "billing.payment.processing",
      "billing.payment.succeeded",
      "billing.payment_method.attached",
      // Of the provider's own accord.
      "billing.provider_event.received",
      "billing.saga.step_settled",
      "billing.subscription.activated",
      "billing.subscription.started",
      // The welcome, and the receipt.
      "user.email.delivered",
      "user.email.delivered",
      "user.email.requested",
      "user.email.requested",
      "user.membership.created",
      "user.organization.activated",
      "user.organization.created",
      "user.saga.changed",
      "user.saga.changed",
      "user.saga.step_requested",
    ];
    interface Log {
      organization: {
        auditLog: {
          edges: {
            node: {
              sequence: string;
              action: string;
              hash: string;
              previousHash: string | null;
              correlationId: string;
              metadata: object;
            };
          }[];
        };
      };
    }
    const query = `query($id: ID!) { organization(id: $id) { auditLog(first: 50) { edges { node { sequence action hash previousHash correlationId metadata } } } } }`;
    const read = async () =>
      (await owner.client.request<Log>(query, { id: account.organizationId })).organization.auditLog.edges.map(
        ({ node }) => node,
      );
    const entries = await waitFor(
      async () => {
        const seen = await read();
        return seen.length >= expected.length && seen;
      },
      { what: `${expected.length} audit entries` },
    );
    expect(entries.map(({ action }) => action).sort()).toEqual(expected);
    const oldestFirst = [...entries].reverse();
    expect(oldestFirst.map(({ sequence }) => Number(sequence))).toEqual(expected.map((_action, index) => index + 1));
    expect(oldestFirst.map(({ previousHash }) => previousHash)).toEqual([
      null,
      ...oldestFirst.slice(0, -1).map(({ hash }) => hash),
    ]);
    // The organisation, its account and the founder's welcome mail are one chain, which tells nobody an address.
    const [{ correlationId } = { correlationId: "" }] = oldestFirst;
    const chain = oldestFirst.filter((entry) => entry.correlationId === correlationId).map(({ action }) => action);
    expect(chain.sort()).toEqual([
      "billing.account.opened",
      "billing.saga.step_settled",
      "user.email.delivered",
      "user.email.requested",
      "user.membership.created",
      "user.organization.activated",
      "user.organization.created",
      "user.saga.changed",
      "user.saga.changed",
      "user.saga.step_requested",
    ]);
    expect(JSON.stringify(entries)).not.toContain(owner.email);
  });

  test("a revoked session is refused on the next request and its live streams end [S80]", async () => {
    const owner = await newMember(stack);
    const { organizationId: org } = await newOrganization(owner);
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    const stream = await live.subscribe<AuditData>(AUDIT_EVENTS, { org });
    await owner.client.mutate("sessionRevoke", { id: owner.sessionId }, "revokedIds");
    await waitFor(async () => (await owner.client.send("{ viewer { user { id } } }")).status === 401, {
      what: "the token to be refused",
    });
    // How soon after the commit, `revocation.test.ts` measures.
    await waitFor(() => stream.ended !== undefined, { what: "the stream to end" });
    expect(stream.ended?.error).toMatchObject({ code: 4403 });
  });

  test("the same key gives the stored result and charges once; another input is refused [ID-01]", async () => {
    const owner = await newMember(stack);
    const account = await newOrganization(owner);
    await attachCard(owner, account);
    const plan = await planId(owner.client);
    const key = randomUUID();
    const document = `mutation($input: SubscriptionStartInput!) { subscriptionStart(input: $input) { invoice { id } payment { id } userErrors { code } } }`;
    const start = (quantity: number) =>
      owner.client.send<{ subscriptionStart: { invoice: { id: string } | null; userErrors: { code: string }[] } }>(
        document,
        {
          input: { accountId: account.accountId, planId: plan, quantity, idempotencyKey: key },
        },
      );
    const answers = await Promise.all(Array.from({ length: 20 }, () => start(1)));
    const settled = await waitFor(
      async () => {
        const answer = await start(1);
        return answer.data?.subscriptionStart.userErrors.length === 0 && answer;
      },
      { what: "the key to be settled" },
    );
    expect(settled.extensions).toMatchObject({ idempotency: { replayed: true } });
    for (const { data } of answers) {
      const codes = data?.subscriptionStart.userErrors.map(({ code }) => code) ?? [];
      if (codes.length === 0) expect(data).toEqual(settled.data);
      else expect(codes).toEqual(["IDEMPOTENCY_IN_PROGRESS"]);
    }
    const other = await start(2);
    expect(other.data?.subscriptionStart.userErrors).toEqual([{ code: "IDEMPOTENCY_MISMATCH" }]);
    const invoices = await owner.client.request<{
      organization: { billingAccount: { invoices: { totalCount: number } } };
    }>("query($id: ID!) { organization(id: $id) { billingAccount { invoices(first: 5) { totalCount } } } }", {
      id: account.organizationId,
    });
    expect(invoices.organization.billingAccount.invoices.totalCount).toBe(1);
  });

  test("a subgraph's port answers nobody but the gateway [GW-11][S70]", async () => {
    if (stack.topology === "embedded") return expect(stack.processOf("user").url).toBe(stack.url);
    const owner = await newMember(stack);
    for (const name of stack.subgraphs) {
      for (const headers of [
        {},
        { authorization: `Bearer ${owner.accessToken}` },
        { "x-tributary-identity": "made.up.token" },
      ]) {
        const response = await fetch(`${stack.processOf(name).url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ query: "{ __typename _service { sdl } }" }),
        });
        expect(response.status, name).toBe(401);
        const body = await response.json();
        expect(body).not.toHaveProperty("data");
        expect(body.errors[0].extensions.code).toBe("UNAUTHENTICATED");
      }
    }
  });
});
