// EV-01 in small, over both event logs: what was committed is what was audited is what a resuming subscriber saw,
// although the process that relays the events is killed again and again.
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BILLING_EVENTS, type BillingData } from "../demo/journey.ts";
import { createLiveClient, type LiveStream } from "../support/client/live-client.ts";
import { type Account, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { newCardToken } from "../support/client/test-cards.ts";
import { randomOfTest } from "../support/random-of-test.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

const KILLS = sizeOf("relayKills");
const MUTATIONS = 40 * KILLS;
const CONCURRENCY = 4;
const EVENT = "billing.payment_method.attached";
const ATTACH = `mutation($input: PaymentMethodAttachInput!) { paymentMethodAttach(input: $input) { paymentMethod { id } userErrors { code } } }`;

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack(topology);
  });
  afterAll(() => stack?.stop());

  test(`committed writes, audit entries and distinct delivered events are equal through ${KILLS} kills; rolled-back ones are nowhere [EV-01][S54]`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    const owner = await newMember(stack);
    const account = await newOrganization(owner);
    await rollBackMastercards(stack);
    const subscriber = await followResuming(stack, owner, account);
    let done = 0;
    const killing = killBilling(stack, () => done);
    const acknowledged = await runMutations(owner, account, () => {
      done += 1;
    });
    await killing;

    const committed = await committedRows(stack, account);
    expect(new Set(committed)).toEqual(new Set(acknowledged));
    expect(committed).toHaveLength(MUTATIONS - MUTATIONS / 10);
    await waitFor(async () => (await auditedSubjects(stack, account)).length >= committed.length, {
      what: "all audit entries",
      deadlineMs: 30_000,
    });
    expect((await auditedSubjects(stack, account)).sort()).toEqual([...committed].sort());
    const delivered = await subscriber.finish(committed.length);
    expect(delivered.ids.sort()).toEqual([...committed].sort());
    expect(delivered.sequences).toEqual([...new Set(delivered.sequences)].sort((a, b) => a - b));
  });
});

/**
 * One mutation in ten attaches a Mastercard; its transaction fails at the commit, after every row of it was written.
 */
async function rollBackMastercards(stack: Stack): Promise<void> {
  await query(
    stack.databaseOf("billing"),
    `CREATE FUNCTION refuse_mastercard() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF NEW.envelope LIKE '%"brand":"mastercard"%' THEN RAISE EXCEPTION 'forced rollback'; END IF;
       RETURN NULL;
     END $$;
     CREATE CONSTRAINT TRIGGER forced_rollback AFTER INSERT ON outbox
       DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_mastercard();`,
  );
}

/**
 * Payment methods whose creation was acknowledged. A request that got no answer is repeated with its key, as clients
 * should.
 */
async function runMutations(owner: Member, { accountId }: Account, onDone: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const work = Array.from({ length: MUTATIONS }, (_value, index) => index);
  const worker = async () => {
    for (let index = work.shift(); index !== undefined; index = work.shift()) {
      const doomed = index % 10 === 9;
      const input = {
        accountId,
        providerToken: newCardToken(doomed ? "tok_mastercard" : "tok_visa"),
        idempotencyKey: randomUUID(),
      };
      const id = await attach(owner, input, doomed);
      if (id !== undefined) acknowledged.push(id);
      onDone();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return acknowledged;
}

interface AttachData {
  paymentMethodAttach: { paymentMethod: { id: string } | null; userErrors: { code: string }[] } | null;
}

async function attach(owner: Member, input: Record<string, unknown>, doomed: boolean): Promise<string | undefined> {
  const answer = await waitFor(
    async () => {
      const { data, errors } = await owner.client.send<AttachData>(ATTACH, { input });
      const id = data?.paymentMethodAttach?.paymentMethod?.id;
      if (id !== undefined) return { id };
      const code = errors?.[0]?.extensions?.["code"];
      if (doomed && code === "INTERNAL_SERVER_ERROR") return { id: undefined };
      throw new Error(`not acknowledged: ${JSON.stringify(errors ?? data)}`);
    },
    { what: "an acknowledged mutation", deadlineMs: 60_000, intervalMs: 100 },
  );
  return answer.id;
}

/** Kills the process that holds billing's relay at random moments, spread over the run, and starts it again. */
async function killBilling(stack: Stack, done: () => number): Promise<void> {
  const billing = stack.processOf("billing");
  const random = randomOfTest("kills");
  for (let kill = 0; kill < KILLS; kill += 1) {
    const share = MUTATIONS / (KILLS + 1);
    const at = Math.round(share * kill + random.integer(5, Math.round(share)));
    await waitFor(() => done() >= at, { what: `${at} mutations`, deadlineMs: 90_000 });
    await billing.crash();
    await billing.restart();
  }
}

interface Following {
  /** Waits until `count` distinct events came, then says what was seen. */
  finish(count: number): Promise<{ ids: string[]; sequences: number[] }>;
}

/** A subscriber that comes back with its last cursor whenever its stream ends, and never looks at anything else. */
async function followResuming(stack: Stack, owner: Member, { organizationId: org }: Account): Promise<Following> {
  const streams: LiveStream<BillingData & { billingEvents: { event: { paymentMethod?: { id: string } } } }>[] = [];
  const random = randomOfTest("subscriber");
  let stopped = false;
  let cursor: string | undefined;
  const document = BILLING_EVENTS.replace(
    "__typename",
    "__typename ... on PaymentMethodAttached { paymentMethod { id } }",
  );
  const following = (async () => {
    while (!stopped) {
      const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
      try {
        const stream = await live.subscribe<(typeof streams)[number]["messages"][number]["data"] & object>(document, {
          org,
          after: cursor,
        });
        streams.push(stream as (typeof streams)[number]);
        // Comes and goes by itself, too: after a while, or when the server is gone.
        const until = performance.now() + random.integer(500, 2_000);
        await waitFor(() => stopped || stream.ended !== undefined || performance.now() > until, {
          what: "the next cut",
          deadlineMs: 120_000,
        });
        cursor = stream.cursor() ?? cursor;
        live.drop();
        await waitFor(() => stream.ended !== undefined, { what: "the end of the stream" });
        cursor = stream.cursor() ?? cursor;
      } catch {
        // The gateway is being started again.
      } finally {
        await live.close();
      }
    }
  })();
  await waitFor(() => streams.length > 0, { what: "the first stream" });
  const seen = () =>
    streams.flatMap(({ messages }) => messages.flatMap(({ data }) => (data == null ? [] : [data.billingEvents])));
  const idsOf = () =>
    seen().flatMap(({ type, event }) => (type === `${EVENT}.v1` ? [event.paymentMethod?.id ?? ""] : []));
  return {
    async finish(count) {
      await waitFor(() => idsOf().length >= count, { what: `${count} delivered events`, deadlineMs: 30_000 });
      stopped = true;
      await following;
      return { ids: idsOf(), sequences: seen().map(({ sequence }) => Number(sequence)) };
    },
  };
}

async function committedRows(stack: Stack, { organizationId }: Account): Promise<string[]> {
  const rows = await query<{ id: string }>(
    stack.databaseOf("billing"),
    "SELECT id FROM payment_method WHERE organization_id = $1",
    [organizationId],
  );
  return rows.map(({ id }) => id);
}

async function auditedSubjects(stack: Stack, { organizationId }: Account): Promise<string[]> {
  const rows = await query<{ id: string }>(
    stack.databaseOf("audit"),
    "SELECT metadata->>'paymentMethodId' AS id FROM audit_entry WHERE tenant_id = $1 AND action = $2",
    [organizationId, EVENT],
  );
  return rows.map(({ id }) => id);
}

async function query<Row>(url: string, sql: string, values?: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // The embedded server goes down with its process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const result = await client.query(sql, values);
    return result.rows as Row[];
  } finally {
    await client.end();
  }
}
