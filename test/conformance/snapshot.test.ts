// A stream that begins with a snapshot misses nothing of what is committed while it begins, on the platform as it runs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLiveClient, type LiveStream } from "../support/client/live-client.ts";
import { type Account, attachCard, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { randomOfTest } from "../support/random-of-test.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const CARDS = 40;
const WORKERS = 3;
const SUBSCRIBERS = 8;

interface Id {
  readonly id: string;
}

interface BillingData {
  readonly billingEvents: {
    readonly sequence: string;
    readonly type: string;
    readonly event: {
      readonly organization?: {
        readonly name: string;
        readonly billingAccount: { readonly paymentMethods: readonly Id[] };
      };
      readonly paymentMethod?: Id;
    };
  };
}

const BILLING = `subscription($org: ID!, $after: String) { billingEvents(organizationId: $org, after: $after, snapshot: true) {
  sequence type event {
    ... on BillingSnapshot { organization { name billingAccount { paymentMethods { id } } } }
    ... on PaymentMethodAttached { paymentMethod { id } }
  }
} }`;

interface IdentityData {
  readonly identityEvents: {
    readonly type: string;
    readonly event: {
      readonly user?: { readonly displayName: string };
      readonly organization?: { readonly name: string };
    };
  };
}

const IDENTITY = `subscription($org: ID) { identityEvents(organizationId: $org, snapshot: true) {
  type event { ... on IdentitySnapshot { organization { name } user { displayName } } }
} }`;

const cardsIn = (messages: LiveStream<BillingData>["messages"]) =>
  messages.flatMap(({ data }) => {
    const event = data?.billingEvents.event;
    const ids = event?.organization?.billingAccount.paymentMethods ?? [];
    return [...ids, ...(event?.paymentMethod === undefined ? [] : [event.paymentMethod])].map(({ id }) => id);
  });

const sequencesIn = (messages: LiveStream<BillingData>["messages"]) =>
  messages.map(({ data }) => Number(data?.billingEvents.sequence));

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;
  let account: Account;

  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack, "Olga Owner");
    account = await newOrganization(owner, "Snapshot Works");
  });
  afterAll(() => stack?.stop());

  test("whenever a subscriber begins or comes back, its snapshot and events hold every card that is attached meanwhile", async () => {
    const attached: string[] = [];
    const work = Array.from({ length: CARDS }, (_value, index) => index);
    const worker = async () => {
      while (work.pop() !== undefined) attached.push(await attachCard(owner, account));
    };
    const working = Promise.all(Array.from({ length: WORKERS }, worker));

    const variables = { org: account.organizationId };
    const follow = async (subscriber: number) => {
      const random = randomOfTest(`subscriber ${subscriber}`);
      const begin = Math.round((subscriber / SUBSCRIBERS) * (CARDS - 5));
      await waitFor(() => attached.length >= begin, { what: `${begin} cards`, deadlineMs: 60_000 });
      const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
      const first = await live.subscribe<BillingData>(BILLING, variables);
      // Cut at any moment, also before the snapshot came.
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, 60)));
      live.drop();
      await waitFor(() => first.ended !== undefined, { what: "the end of the first stream" });
      const again = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
      const second = await again.subscribe<BillingData>(BILLING, { ...variables, after: first.cursor() });
      const messages = () => [...first.messages, ...second.messages];
      return { messages, close: () => Promise.all([live.close(), again.close()]) };
    };
    const following = Promise.all(Array.from({ length: SUBSCRIBERS }, (_value, index) => follow(index)));
    await working;
    for (const { messages, close } of await following) {
      await waitFor(() => new Set(cardsIn(messages())).size >= CARDS, {
        what: `${CARDS} cards; have ${new Set(cardsIn(messages())).size}`,
      });
      expect(new Set(cardsIn(messages()))).toEqual(new Set(attached));
      const [snapshot, ...events] = sequencesIn(messages());
      expect(messages()[0]?.data?.billingEvents).toMatchObject({
        type: "tributary.snapshot.v1",
        event: { organization: { name: "Snapshot Works" } },
      });
      expect(snapshot).toBe(0);
      expect(events).toEqual(events.map((_, index) => (events[0] ?? 0) + index));
      expect(messages().flatMap(({ errors }) => errors ?? [])).toEqual([]);
      await close();
    }
  });

  test("a snapshot is of the organisation that is named, or of the viewer on the own stream", async () => {
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    const own = await live.subscribe<IdentityData>(IDENTITY, {});
    const [mine] = await own.waitForCount(1);
    expect(mine?.data?.identityEvents).toEqual({
      type: "tributary.snapshot.v1",
      event: { organization: null, user: { displayName: "Olga Owner" } },
    });
    const named = await live.subscribe<IdentityData>(IDENTITY, { org: account.organizationId });
    const [ours] = await named.waitForCount(1);
    expect(ours?.data?.identityEvents.event).toEqual({ organization: { name: "Snapshot Works" }, user: null });
    await live.close();
  });
});
