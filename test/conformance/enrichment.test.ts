// Real subgraphs answer what the live room asks of them together: many operations in one request, and entities with
// their versions.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLiveClient } from "../support/client/live-client.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  planId,
} from "../support/client/new-member.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

interface Data {
  readonly billingEvents: {
    readonly sequence: string;
    readonly actor: { readonly displayName: string } | null;
    readonly event: {
      readonly toStatus?: string;
      readonly invoice?: { readonly status: string; readonly version: number } | null;
      readonly payment?: { readonly status: string } | null;
      readonly subscription?: { readonly status: string } | null;
    };
  };
}

/** Each number is an operation of its own, with fetches of its own. */
const operation = (
  number: number,
) => `subscription Operation${number}($org: ID!) { billingEvents(organizationId: $org) {
  sequence actor { displayName ${number % 2 === 0 ? "status" : ""} }
  event {
    ... on InvoiceChanged { toStatus invoice { status version n${number}: number account { organization { name } } } }
    ... on PaymentChanged { toStatus payment { status v${number}: version } }
    ... on SubscriptionChanged { toStatus subscription { status ${number % 3 === 0 ? "plan { name }" : ""} } }
  } } }`;
const OPERATIONS = Array.from({ length: 8 }, (_, number) => operation(number));

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;
  let account: Account;

  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack, "Olga Owner");
    account = await newOrganization(owner);
  });
  afterAll(() => stack?.stop());

  async function counter(name: string): Promise<number> {
    const text = await (await fetch(`${stack.gateways[0]?.url}/metrics`)).text();
    return Number(new RegExp(`^tributary_live_${name} (\\d+)$`, "m").exec(text)?.[1]);
  }

  test("operations share their requests, and no entity is older than its event", async () => {
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    try {
      const variables = { org: account.organizationId };
      const streams = await Promise.all(OPERATIONS.map((text) => live.subscribe<Data>(text, variables)));
      const before = {
        enrichments: await counter("enrichments_total"),
        fetches: await counter("enrichment_fetches_total"),
      };
      await attachCard(owner, account);
      const input = {
        accountId: account.accountId,
        planId: await planId(owner.client, "team"),
        idempotencyKey: randomUUID(),
      };
      await owner.client.request(
        "mutation($input: SubscriptionStartInput!) { subscriptionStart(input: $input) { invoice { id } } }",
        { input },
      );
      const isPaid = ({ billingEvents: { event } }: Data) => event.invoice != null && event.toStatus === "PAID";
      for (const stream of streams) {
        const paid = await stream.waitFor("a paid invoice", isPaid);
        expect(paid.data?.billingEvents).toMatchObject({
          actor: { displayName: "Olga Owner" },
          event: { invoice: { status: "PAID", version: 2, account: { organization: { name: expect.any(String) } } } },
        });
        for (const { data, errors } of stream.messages) {
          expect(errors).toBeUndefined();
          // Events come in order: the entity may be ahead of one, never behind it.
          const { event } = data?.billingEvents ?? {};
          if (event?.toStatus === "PAID") expect(event.invoice?.status).toBe("PAID");
          if (event?.toStatus === "SUCCEEDED") expect(event.payment?.status).toBe("SUCCEEDED");
          if (event?.toStatus === "ACTIVE") expect(event.subscription?.status).toBe("ACTIVE");
        }
      }
      const enrichments = (await counter("enrichments_total")) - before.enrichments;
      expect(enrichments).toBeGreaterThanOrEqual(OPERATIONS.length * 6);
      // Two to four rounds an event, for all operations: below what one fetch for each would be.
      expect((await counter("enrichment_fetches_total")) - before.fetches).toBeLessThan(enrichments);
      expect(await counter("stale_refetches_total")).toBe(0);
    } finally {
      await live.close();
    }
  });
});
