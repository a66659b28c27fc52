// S38 on the running platform, over both event logs and both kinds of transport: a viewer who loses the right to a
// stream is told why. They get none of its events later than a second after the commit that took the right away. The
// tests take rights away as people and operators do.
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
} from "../support/client/new-member.ts";
import {
  type Follower,
  TRANSPORT_NAMES,
  TRANSPORTS,
  type TransportName,
} from "../support/client/transport-follower.ts";
import { startProcess } from "../support/process.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { type Stopwatch, startStopwatch } from "../support/stopwatch.ts";
import { waitFor } from "../support/wait.ts";

/**
 * S38. Usually it is a tenth of that. Neither of its two measures depends on how the test itself is let run: events are
 * dated by the database that stores them, and the end is seen by a stopwatch.
 */
const BOUND_MS = 1_000;
const STORED_AT = "(extract(epoch FROM created_at) * 1000)::float8 AS at";
const BILLING = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence eventId } }";
const AUDIT = "subscription($org: ID!) { auditEvents(organizationId: $org) { sequence eventId } }";

/**
 * How the gateway says on each transport that the session is over, and that the stream is none for this viewer (any
 * more).
 */
const SESSION_ENDED = { WebSocket: /socket closed 4403 Session ended/, SSE: /"UNAUTHENTICATED".*"SESSION_ENDED"/ };
const FORBIDDEN = /"FORBIDDEN"/;
const NOT_FOUND = /"NOT_FOUND"/;

async function operate(stack: Stack, ...words: string[]): Promise<void> {
  const entryArguments = [...words, "--reason", "acceptance test"];
  const running = await startProcess({ entry: "subgraphs/operator-main.ts", entryArguments, env: stack.operator });
  const { code } = await running.exited;
  if (code !== 0) throw new Error(`${words.join(" ")} exited with ${code}: ${await running.output()}`);
}

interface Commit {
  /** Just before it, by the stopwatch: when the last look began that did not see it yet. */
  readonly beforeMs: number;
  /** By the clock of the database, in milliseconds since the epoch. */
  readonly storedAt: number;
}

/** Watches for the event that says what was taken away. */
async function watchCommit(
  stack: Stack,
  [type, tenantId]: readonly [string, string],
  stopwatch: Stopwatch,
): Promise<() => Promise<Commit>> {
  const client = new Client({ connectionString: stack.databaseOf("user") });
  await client.connect();
  const { rows } = await client.query<{ last: string }>("SELECT coalesce(max(position), 0)::text AS last FROM outbox");
  const query = `SELECT ${STORED_AT} FROM outbox WHERE position > $1 AND tenant_id = $2 AND envelope::json->>'type' = $3`;
  let beforeMs = stopwatch.ms();
  const seen = async () => {
    const began = stopwatch.ms();
    const found = await client.query<{ at: number }>(query, [rows[0]?.last, tenantId, type]);
    if (found.rows[0] !== undefined) return { beforeMs, storedAt: found.rows[0].at };
    beforeMs = began;
    return undefined;
  };
  const watching = waitFor(seen, { what: `the commit of ${type}`, deadlineMs: 30_000, intervalMs: 5 }).finally(() =>
    client.end(),
  );
  watching.catch(() => undefined);
  return () => watching;
}

/** When each of the events was stored, by the clock of their databases, which is one server. */
async function storedAt(stack: Stack, eventIds: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const connectionString of [stack.databaseOf("billing"), stack.databaseOf("audit")]) {
    const client = new Client({ connectionString });
    await client.connect();
    const query = `SELECT ${STORED_AT} FROM outbox WHERE event_id = ANY ($1::uuid[])`;
    const { rows } = await client.query<{ at: number }>(query, [eventIds]).finally(() => client.end());
    times.push(...rows.map(({ at }) => at));
  }
  return times;
}

/** A new person in the owner's organisation. */
async function join(stack: Stack, owner: Member, account: Account, role: string) {
  const person = await newMember(stack, "Mia Member");
  return { person, membershipId: await inviteMember(stack, owner, account, person, role) };
}

// A moment in which the machine lets nobody run is no fault; what is slow by itself is so three times.
describe.each(TOPOLOGIES)("%s", { retry: 2 }, (topology) => {
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

  /** When it ended, by the stopwatch. */
  async function whenEnded(follower: Follower, stopwatch: Stopwatch): Promise<number> {
    const ended = () => follower.end() !== undefined && stopwatch.ms();
    return waitFor(ended, { what: "the end", deadlineMs: 30_000, intervalMs: 5 });
  }

  /**
   * Events flow before, while and after the right is taken away; the follower ends in time, and nothing comes behind
   * its end.
   */
  async function expectLoss({ follower, makeEvent, takeAway, event, end }: Loss): Promise<void> {
    await makeEvent();
    await waitFor(() => follower.count() > 0, { what: "an event while it may be seen" });
    const stopwatch = startStopwatch();
    const committed = await watchCommit(stack, event, stopwatch);
    let over = false;
    const both = Promise.all([whenEnded(follower, stopwatch), takeAway()]).finally(() => {
      over = true;
    });
    both.catch(() => undefined);
    // Whoever makes them may have lost the right as well.
    const isOver = () => over;
    const making = () => makeEvent().then(isOver, isOver);
    await waitFor(making, { what: "the end", deadlineMs: 60_000, intervalMs: 50 });
    const [endedAt] = await both;
    const seen = follower.count();
    const taken = await committed();
    stopwatch.stop();
    expect(endedAt - taken.beforeMs).toBeLessThan(BOUND_MS);
    const stored = await storedAt(stack, follower.eventIds());
    expect(stored).toHaveLength(seen);
    expect(Math.max(...stored) - taken.storedAt).toBeLessThan(BOUND_MS);
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
        { what: "both entries in the audit trail" },
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
