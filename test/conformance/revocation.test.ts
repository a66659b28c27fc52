// S38 on the running platform, over both event logs and both kinds of transport: whoever loses the right to a stream gets none of
// its events later than a second after the commit that took the right away, and is told why. What took it away is done as people
// and operators do it.
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inviteMember, roleIds } from "../support/client/invitee.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  signIn,
} from "../support/client/newcomer.ts";
import {
  type Follower,
  TRANSPORT_NAMES,
  TRANSPORTS,
  type TransportName,
} from "../support/client/transport-follower.ts";
import { startProcess } from "../support/process.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const BOUND_MS = 1_000;
const BILLING = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence eventId } }";
const AUDIT = "subscription($org: ID!) { auditEvents(organizationId: $org) { sequence eventId } }";

/** How the gateway says on each transport that the session is over, and that the stream is none for this viewer (any more). */
const SESSION_ENDED = { WebSocket: /socket closed 4403 Session ended/, SSE: /"UNAUTHENTICATED".*"SESSION_ENDED"/ };
const FORBIDDEN = /"FORBIDDEN"/;
const NOT_FOUND = /"NOT_FOUND"/;

async function operate(stack: Stack, ...words: string[]): Promise<void> {
  const entryArguments = [...words, "--reason", "acceptance test"];
  const running = await startProcess({ entry: "subgraphs/user/operator-main.ts", entryArguments, env: stack.operator });
  const { code } = await running.exited;
  if (code !== 0) throw new Error(`${words.join(" ")} exited with ${code}: ${await running.output()}`);
}

/**
 * Watches for the event. @returns a time just before its commit, in milliseconds since the epoch: when the last look began that did
 * not see it yet
 */
async function watchCommit(stack: Stack, [type, tenantId]: readonly [string, string]): Promise<() => Promise<number>> {
  const client = new Client({ connectionString: stack.databases.user });
  await client.connect();
  const { rows } = await client.query<{ last: string }>("SELECT coalesce(max(position), 0)::text AS last FROM outbox");
  const query = "SELECT FROM outbox WHERE position > $1 AND tenant_id = $2 AND envelope::json->>'type' = $3";
  let before = Date.now();
  const seen = async () => {
    const began = Date.now();
    const { rowCount } = await client.query(query, [rows[0]?.last, tenantId, type]);
    if (rowCount === 0) before = began;
    return rowCount !== 0;
  };
  const watching = waitFor(seen, { what: `the commit of ${type}`, deadlineMs: 30_000, intervalMs: 5 })
    .then(() => before)
    .finally(() => client.end());
  watching.catch(() => undefined);
  return () => watching;
}

/** A new person in the owner's organisation. */
async function join(stack: Stack, owner: Member, account: Account, role: string) {
  const person = await newMember(stack, "Mia Member");
  return { person, membershipId: await inviteMember(stack, owner, account, person, role) };
}

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

  interface Loss {
    readonly follower: Follower;
    /** Makes one event that the follower may see as long as it has the right. */
    readonly makeEvent: () => Promise<unknown>;
    readonly takeAway: () => Promise<unknown>;
    /** What says that it was taken away: event type and its stream. */
    readonly event: readonly [type: string, tenantId: string];
    readonly end: RegExp;
  }

  /** When it ended, in milliseconds since the epoch. */
  async function whenEnded(follower: Follower): Promise<number> {
    const ended = () => follower.end() !== undefined && Date.now();
    return waitFor(ended, { what: "the end", deadlineMs: 30_000, intervalMs: 5 });
  }

  /** Events flow before, while and after the right is taken away; the follower ends in time, and nothing comes behind its end. */
  async function expectLoss({ follower, makeEvent, takeAway, event, end }: Loss): Promise<void> {
    await makeEvent();
    await waitFor(() => follower.count() > 0, { what: "an event while it may be seen" });
    const committed = await watchCommit(stack, event);
    let over = false;
    const both = Promise.all([whenEnded(follower), takeAway()]).finally(() => {
      over = true;
    });
    both.catch(() => undefined);
    // Whoever makes them may have lost the right as well.
    const isOver = () => over;
    const making = () => makeEvent().then(isOver, isOver);
    await waitFor(making, { what: "the end", deadlineMs: 60_000, intervalMs: 50 });
    const [endedAt] = await both;
    const seen = follower.count();
    expect(endedAt - (await committed())).toBeLessThan(BOUND_MS);
    expect(follower.end()).toMatch(end);
    await makeEvent().catch(() => undefined);
    expect(follower.count()).toBe(seen);
  }

  const newCard =
    (of: Account = account) =>
    () =>
      attachCard(owner, of);
  const follow = (
    transport: TransportName,
    { accessToken }: Member,
    query = BILLING,
    { organizationId }: Account = account,
  ) => TRANSPORTS[transport](stack, accessToken, query, organizationId);

  test.each(TRANSPORT_NAMES)(
    "%s: a revoked session gets no event later than a second after the commit [S38]",
    async (transport) => {
      const { person } = await join(stack, owner, account, "MEMBER");
      const phone = await signIn(stack, person);
      const witness = await follow(transport, person);
      await expectLoss({
        follower: await follow(transport, phone),
        makeEvent: newCard(),
        takeAway: () => person.client.mutate("sessionRevoke", { id: phone.sessionId }, "revokedIds"),
        event: ["user.session.revoked.v1", person.userId],
        end: SESSION_ENDED[transport],
      });
      expect(witness.end()).toBeUndefined();
      await witness.close();
    },
  );

  test.each(TRANSPORT_NAMES)(
    "%s: a member whose role is taken away gets no event later than a second after the commit [S38]",
    async (transport) => {
      const { person, membershipId } = await join(stack, owner, account, "OWNER");
      const billing = await follow(transport, person);
      const roles = await roleIds(owner, account, "MEMBER");
      await expectLoss({
        follower: await follow(transport, person, AUDIT),
        makeEvent: newCard(),
        takeAway: () =>
          owner.client.mutate("membershipUpdate", { id: membershipId, roleIds: roles }, "membership { id }"),
        event: ["user.membership.updated.v1", account.organizationId],
        end: FORBIDDEN,
      });
      const seen = billing.count();
      await newCard()();
      await waitFor(() => billing.count() > seen, { what: "an event that the other role allows" });
      await billing.close();
    },
  );

  test.each(TRANSPORT_NAMES)(
    "%s: a removed member gets no event later than a second after the commit [S38]",
    async (transport) => {
      const { person, membershipId } = await join(stack, owner, account, "MEMBER");
      await expectLoss({
        follower: await follow(transport, person),
        makeEvent: newCard(),
        takeAway: () => owner.client.mutate("membershipRemove", { id: membershipId }, "removedId"),
        event: ["user.membership.removed.v1", account.organizationId],
        end: NOT_FOUND,
      });
    },
  );

  test.each(TRANSPORT_NAMES)(
    "%s: a user whom the operator suspends gets no event later than a second after the commit [S38]",
    async (transport) => {
      const { person } = await join(stack, owner, account, "MEMBER");
      await expectLoss({
        follower: await follow(transport, person),
        makeEvent: newCard(),
        takeAway: () => operate(stack, "suspend-user", person.userId),
        event: ["user.suspended.v1", person.userId],
        end: SESSION_ENDED[transport],
      });
      const answer = await person.client.send("{ viewer { user { id } } }");
      expect(answer.errors?.[0]?.extensions?.["code"]).toBe("UNAUTHENTICATED");
      await operate(stack, "reinstate-user", person.userId);
      const again = await follow(transport, await signIn(stack, person));
      await newCard()();
      await waitFor(() => again.count() > 0, { what: "an event after the user was reinstated" });
      await again.close();
    },
  );

  test.each(TRANSPORT_NAMES)(
    "%s: an organisation that the operator suspends sends no event later than a second after the commit, its members' others go on [S38]",
    async (transport) => {
      const suspended = await newOrganization(owner, "Suspended Works");
      const { organizationId } = suspended;
      const elsewhere = await follow(transport, owner);
      await expectLoss({
        follower: await follow(transport, owner, BILLING, suspended),
        makeEvent: newCard(suspended),
        takeAway: () => operate(stack, "suspend-organization", organizationId),
        event: ["user.organization.suspended.v1", organizationId],
        end: FORBIDDEN,
      });
      const seen = elsewhere.count();
      await newCard()();
      await waitFor(() => elsewhere.count() > seen, { what: "an event of the other organisation" });
      await elsewhere.close();
      await expect(newCard(suspended)()).rejects.toThrow("FORBIDDEN");
      const query = "query($id: ID!) { organization(id: $id) { status } }";
      expect(await owner.client.request(query, { id: organizationId })).toEqual({
        organization: { status: "SUSPENDED" },
      });

      await operate(stack, "reinstate-organization", organizationId);
      await waitFor(() => newCard(suspended)(), { what: "the rights to come back", intervalMs: 50 });
      const again = await follow(transport, owner, AUDIT, suspended);
      await newCard(suspended)();
      await waitFor(() => again.count() > 0, { what: "an event after the organisation was reinstated" });
      await again.close();
      const trail =
        "query($id: ID!) { organization(id: $id) { auditLog(first: 100) { edges { node { action actor { kind id } } } } } }";
      const actions = await waitFor(
        async () => {
          const { organization } = await owner.client.request<Trail>(trail, { id: organizationId });
          const found = organization.auditLog.edges
            .map(({ node }) => node)
            .filter(({ action }) => /suspended|reinstated/.test(action));
          return found.length === 2 && found;
        },
        { what: "both entries in the audit trail", deadlineMs: 10_000 },
      );
      expect(actions.map(({ action }) => action).sort()).toEqual([
        "user.organization.reinstated",
        "user.organization.suspended",
      ]);
      for (const { actor } of actions)
        expect(actor).toEqual({ kind: "SERVICE", id: expect.stringMatching(/^operator:/) });
    },
  );
});

interface Trail {
  readonly organization: {
    readonly auditLog: {
      readonly edges: readonly {
        readonly node: { readonly action: string; readonly actor: { kind: string; id: string } };
      }[];
    };
  };
}
