// A plan's live connections, by the whole platform: exactly as many as were paid for, and no plan takes away what runs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLiveClient, type LiveClient } from "../support/client/live-client.ts";
import {
  type Account,
  attachCard,
  changePlan,
  type Member,
  newMember,
  newOrganization,
  startPlan,
} from "../support/client/new-member.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const EVENTS = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence } }";
/** What the smallest plan of the catalogue grants. */
const STARTER = 25;

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;
  let account: Account;
  let live: LiveClient;

  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack);
    account = await newOrganization(owner);
    live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
  });
  afterAll(async () => {
    await live?.close();
    await stack?.stop();
  });

  const follow = ({ organizationId: org }: Account) => live.subscribe<{ billingEvents: object }>(EVENTS, { org });
  const refusal = (error: unknown) => (Array.isArray(error) ? error[0]?.extensions : error);

  test("an organization without a plan may follow more than the plan will grant; the plan ends none and admits none", async () => {
    const open = [];
    for (let count = 0; count < STARTER + 1; count += 1) open.push(await follow(account));
    expect(open.filter(({ ended }) => ended !== undefined)).toEqual([]);

    await attachCard(owner, account);
    await startPlan(owner, account);
    const planLimits = await waitFor(
      async () => {
        const one = await follow(account);
        if (one.ended === undefined) one.stop();
        return one.ended;
      },
      { what: "the plan to count", intervalMs: 50 },
    );
    expect(refusal(planLimits.error)).toMatchObject({ code: "TOO_MANY_SUBSCRIPTIONS", status: 429, planLimit: "25" });
    expect(open.filter(({ ended }) => ended !== undefined)).toEqual([]);

    // 26 are open: one that ends makes no room, two do, for exactly one.
    open.pop()?.stop();
    expect(refusal((await follow(account)).ended?.error)).toMatchObject({ planLimit: "25" });
    open.pop()?.stop();
    const last = await follow(account);
    expect(last.ended).toBeUndefined();
    expect(refusal((await follow(account)).ended?.error)).toMatchObject({ planLimit: "25" });

    await changePlan(owner, account, "team");
    await waitFor(
      async () => {
        const one = await follow(account);
        return one.ended === undefined;
      },
      { what: "the larger plan to count", intervalMs: 50 },
    );
    for (const stream of [...open, last]) {
      expect(stream.ended).toBeUndefined();
      stream.stop();
    }
  });

  if (topology === "embedded") return;
  test("while billing is away, nobody is refused for a plan", async () => {
    const other = await newOrganization(owner);
    await attachCard(owner, other);
    await startPlan(owner, other);
    await stack.processOf("billing").crash();
    for (let count = 0; count < STARTER + 1; count += 1) expect((await follow(other)).ended).toBeUndefined();
  });
});
