// EV-07, over both event logs: consumers that come and go lose nothing and do nothing twice. The writes of many writers
// to one aggregate arrive in the order in which they were made.
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { followResuming } from "../support/client/resuming-follower.ts";
import { newCardToken } from "../support/client/test-cards.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

/** What is shown happens while partitions change hands: ten starts and stops among few events do that as well. */
const EVENTS = sizeOf("churnEvents");
const ROUNDS = 10;
/** In this round the second consumer is killed: its partitions come back only when its session has run out. */
const KILLED_ROUND = 4;
const CLIENTS = 4;
/** Keys on several partitions, of which the second consumer gets its share. */
const ORGANIZATIONS = 4;
const UPDATES = 200;
const ATTACHED = "billing.payment_method.attached";
const FOLLOW_AUDIT = `subscription($org: ID!, $after: String) {
  auditEvents(organizationId: $org, after: $after, actions: ["${ATTACHED}"]) { sequence eventId event { ... on AuditRecorded { hash } } }
}`;
const FOLLOW_ORGANIZATION = `subscription($org: ID!, $after: String) {
  identityEvents(organizationId: $org, after: $after, types: ["user.organization.updated.v1"]) {
    sequence eventId event { ... on OrganizationChanged { organization { version } } }
  }
}`;

interface AuditData {
  readonly auditEvents: {
    readonly sequence: string;
    readonly eventId: string;
    readonly event: { readonly hash: string };
  };
}

interface OrganizationData {
  readonly identityEvents: {
    readonly sequence: string;
    readonly eventId: string;
    readonly event: { readonly organization: { readonly version: number } | null };
  };
}

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack(topology);
  });
  afterAll(() => stack?.stop());

  test(`${EVENTS} events have one audit entry and one delivery each while a second consumer is started and stopped ${ROUNDS} times [EV-07]`, {
    timeout: 120_000 + EVENTS * 50,
  }, async () => {
    const owner = await newMember(stack);
    const accounts = await Promise.all(Array.from({ length: ORGANIZATIONS }, () => newOrganization(owner)));
    const followers = await Promise.all(
      accounts.map(({ organizationId: org }) =>
        followResuming<AuditData>({
          url: stack.socketUrl,
          token: owner.accessToken,
          query: FOLLOW_AUDIT,
          variables: { org },
        }),
      ),
    );
    const attached: string[] = [];
    const attachHalf = async () => void attached.push(...(await attachMany(owner, accounts, EVENTS / ROUNDS / 2)));
    for (let round = 0; round < ROUNDS; round += 1) {
      // Events flow while it joins, while it works and while it leaves.
      const [second] = await Promise.all([stack.startAnother("audit"), attachHalf()]);
      await Promise.all([attachHalf(), round === KILLED_ROUND ? second.kill("SIGKILL") : second.stop()]);
    }
    await waitFor(async () => (await auditedMethods(stack, accounts)).length >= EVENTS, {
      what: `${EVENTS} audit entries`,
      deadlineMs: 60_000,
      intervalMs: 200,
    });
    const seen = () => followers.flatMap((follower) => follower.messages().map(({ data }) => data?.auditEvents));
    await waitFor(() => seen().length >= EVENTS, { what: `${EVENTS} delivered entries`, deadlineMs: 30_000 });
    await Promise.all(followers.map((follower) => follower.stop()));
    expect(attached).toHaveLength(EVENTS);
    expect((await auditedMethods(stack, accounts)).sort()).toEqual(attached.sort());
    expect(seen()).toHaveLength(EVENTS);
    expect(new Set(seen().map((event) => event?.eventId)).size).toBe(EVENTS);
    for (const follower of followers) {
      expectRising(follower.messages().map(({ data }) => Number(data?.auditEvents.sequence)));
    }
    for (const account of accounts) {
      const numbers = await auditNumbers(stack, account);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  test(`${UPDATES} updates of one organisation by ${CLIENTS} clients are seen by every subscriber in rising versions up to the last [EV-07]`, async () => {
    const owner = await newMember(stack);
    const { organizationId } = await newOrganization(owner);
    const followers = await Promise.all(
      Array.from({ length: 3 }, () =>
        followResuming<OrganizationData>({
          url: stack.socketUrl,
          token: owner.accessToken,
          query: FOLLOW_ORGANIZATION,
          variables: { org: organizationId },
        }),
      ),
    );
    const [dropping] = followers;
    let done = 0;
    const update = async () => {
      for (let count = 0; count < UPDATES / CLIENTS; count += 1) {
        await rename(owner, organizationId);
        done += 1;
        // One of the subscribers comes and goes.
        if (done % 50 === 0) dropping?.drop();
      }
    };
    const before = await versionOf(owner, organizationId);
    await Promise.all(Array.from({ length: CLIENTS }, update));
    const stored = await storedVersion(stack, organizationId);
    expect(stored).toBe(before + UPDATES);

    const versions = await eventVersions(stack, organizationId);
    for (const follower of followers) {
      await waitFor(() => follower.messages().length >= UPDATES, {
        what: `${UPDATES} updates; have ${follower.messages().length}`,
        deadlineMs: 30_000,
      });
      await follower.stop();
      const events = follower.messages().map(({ data }) => data?.identityEvents);
      // The version that each event stands for …
      const own = events.map((event) => versions.get(event?.eventId ?? ""));
      expect(own).toEqual(Array.from({ length: UPDATES }, (_, index) => before + 1 + index));
      expectRising(events.map((event) => Number(event?.sequence)));
      // … and the one that was read for it, which may be newer, never older, and never falls.
      const read = events.map((event) => event?.event.organization?.version ?? 0);
      expect(read.filter((version, index) => version < before + 1 + index)).toEqual([]);
      expect(read).toEqual([...read].sort((a, b) => a - b));
      expect(read.at(-1)).toBe(stored);
    }
    expect(dropping?.streams).toBeGreaterThan(1);
  });
});

function expectRising(numbers: readonly number[]): void {
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
}

async function attachMany(owner: Member, accounts: readonly Account[], count: number): Promise<string[]> {
  const ids: string[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      const accountId = accounts[begun % accounts.length]?.accountId;
      begun += 1;
      const input = { accountId, providerToken: newCardToken(), idempotencyKey: randomUUID() };
      const selection = "paymentMethod { id }";
      const { paymentMethod } = await owner.client.mutate<{ paymentMethod: { id: string } }>(
        "paymentMethodAttach",
        input,
        selection,
      );
      ids.push(paymentMethod.id);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
  return ids;
}

async function versionOf(owner: Member, id: string): Promise<number> {
  const query = "query($id: ID!) { organization(id: $id) { version } }";
  const { organization } = await owner.client.request<{ organization: { version: number } }>(query, { id });
  return organization.version;
}

/** Reads and writes until nobody else wrote in between. */
async function rename(owner: Member, id: string): Promise<void> {
  const document = `mutation($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { code } } }`;
  interface Payload {
    readonly organizationUpdate: { readonly userErrors: readonly { readonly code: string }[] };
  }
  for (;;) {
    const input = { id, expectedVersion: await versionOf(owner, id), name: `Works ${randomUUID().slice(0, 8)}` };
    const { organizationUpdate } = await owner.client.request<Payload>(document, { input });
    if (organizationUpdate.userErrors.length === 0) return;
    expect(organizationUpdate.userErrors).toEqual([{ code: "VERSION_CONFLICT" }]);
  }
}

async function auditedMethods({ databaseOf }: Stack, accounts: readonly Account[]): Promise<string[]> {
  const rows = await query<{ id: string }>(
    databaseOf("audit"),
    "SELECT metadata->>'paymentMethodId' AS id FROM audit_entry WHERE tenant_id = ANY ($1) AND action = $2",
    [accounts.map(({ organizationId }) => organizationId), ATTACHED],
  );
  return rows.map(({ id }) => id);
}

async function auditNumbers({ databaseOf }: Stack, { organizationId }: Account): Promise<number[]> {
  const rows = await query<{ sequence: string }>(
    databaseOf("audit"),
    "SELECT sequence FROM audit_entry WHERE tenant_id = $1 ORDER BY sequence",
    [organizationId],
  );
  return rows.map(({ sequence }) => Number(sequence));
}

async function storedVersion({ databaseOf }: Stack, id: string): Promise<number> {
  const [row] = await query<{ version: number }>(databaseOf("user"), "SELECT version FROM organization WHERE id = $1", [
    id,
  ]);
  return row?.version ?? 0;
}

/** Event id → the version of the organisation that the event stands for. */
async function eventVersions({ databaseOf }: Stack, id: string): Promise<Map<string, number>> {
  const rows = await query<{ id: string; version: number }>(
    databaseOf("user"),
    `SELECT envelope::json->>'id' AS id, (envelope::json->>'aggregateversion')::int AS version
     FROM outbox WHERE tenant_id = $1 AND envelope::json->>'type' = 'user.organization.updated.v1'`,
    [id],
  );
  return new Map(rows.map((row) => [row.id, row.version]));
}

async function query<Row>(url: string, sql: string, values: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(sql, values);
    return result.rows as Row[];
  } finally {
    await client.end();
  }
}
