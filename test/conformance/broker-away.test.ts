// EV-04: the broker refuses connections while commands run. Distributed only. Embedded, the event log is a database of
// the same server as everything else: no outage leaves commands that could still succeed.
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Account, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { followResuming } from "../support/client/resuming-follower.ts";
import { newCardToken } from "../support/client/test-cards.ts";
import { createFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { freePort } from "../support/ports.ts";
import { type KafkaBroker, startKafka } from "../support/services/kafka.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

/** The short one outlasts all retries that are not meant to go on for ever. */
const OUTAGE_MS = sizeOf("brokerOutageMs");
const MUTATIONS = 100;
const CONCURRENCY = 4;
const RETURN_MS = 30_000;
const ATTACH = `mutation($input: PaymentMethodAttachInput!) { paymentMethodAttach(input: $input) { paymentMethod { id } userErrors { code } } }`;
const FOLLOW = `subscription($org: ID!, $after: String) {
  billingEvents(organizationId: $org, after: $after) { sequence eventId event { ... on PaymentMethodAttached { paymentMethod { id } } } }
}`;

interface AttachData {
  readonly paymentMethodAttach: {
    readonly paymentMethod: { readonly id: string } | null;
    readonly userErrors: unknown[];
  };
}

interface FollowData {
  readonly billingEvents: {
    readonly sequence: string;
    readonly eventId: string;
    readonly event: { readonly paymentMethod?: { readonly id: string } | null };
  };
}

let broker: KafkaBroker;
let proxy: FaultProxy;
let stack: Stack;

beforeAll(async () => {
  const port = await freePort();
  broker = await startKafka({ advertisedPort: port });
  if (broker.proxyTarget === undefined) throw new Error("the broker listens for no proxy");
  proxy = await createFaultProxy({ target: broker.proxyTarget, port });
  stack = await startStack("distributed", { settings: { KAFKA_BROKERS: `127.0.0.1:${port}` } });
});

afterAll(async () => {
  await stack?.stop();
  await proxy?.stop();
  await broker?.stop();
});

test("while Kafka refuses connections every command is answered; afterwards each event reaches an attached subscriber once, in order [EV-04]", {
  timeout: 120_000 + OUTAGE_MS,
}, async () => {
  const owner = await newMember(stack);
  const account = await newOrganization(owner);
  const follower = await followResuming<FollowData>({
    url: stack.socketUrl,
    token: owner.accessToken,
    query: FOLLOW,
    variables: { org: account.organizationId },
  });
  await waitFor(async () => (await unsent(stack)) === 0, { what: "an empty outbox" });

  await proxy.mode("refuse");
  const away = performance.now();
  const attached = await attachMany(owner, account);
  expect(await unsent(stack)).toBe(MUTATIONS);
  await waitFor(() => performance.now() - away >= OUTAGE_MS, {
    what: "the end of the outage",
    deadlineMs: OUTAGE_MS + 1_000,
  });
  expect(await unsent(stack)).toBe(MUTATIONS);
  expect(follower.messages()).toEqual([]);
  expect((await fetch(`${stack.url}/live`)).status).toBe(200);

  await proxy.mode("pass");
  await waitFor(async () => (await unsent(stack)) === 0, { what: "an empty outbox", deadlineMs: RETURN_MS });
  await waitFor(() => follower.messages().length >= MUTATIONS, {
    what: `${MUTATIONS} delivered events`,
    deadlineMs: RETURN_MS,
  });
  // One more proves that nothing of the outage comes behind it.
  attached.push(...(await attachMany(owner, account, 1)));
  await waitFor(() => follower.messages().length > MUTATIONS, { what: "a live event" });
  await follower.stop();

  const events = follower.messages().map(({ data }) => data?.billingEvents);
  expect(follower.resync).toBeUndefined();
  expect(new Set(events.map((event) => event?.eventId)).size).toBe(MUTATIONS + 1);
  expect(events.map((event) => event?.event.paymentMethod?.id).sort()).toEqual([...attached].sort());
  const first = Number(events[0]?.sequence);
  expect(events.map((event) => Number(event?.sequence))).toEqual(events.map((_, index) => first + index));
});

/** Ids of the created payment methods; every answer must be HTTP 200 without errors at the first try. */
async function attachMany(owner: Member, { accountId }: Account, count: number = MUTATIONS): Promise<string[]> {
  const ids: string[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      const input = { accountId, providerToken: newCardToken(), idempotencyKey: randomUUID() };
      const { status, data, errors } = await owner.client.send<AttachData>(ATTACH, { input });
      expect({ status, errors, userErrors: data?.paymentMethodAttach.userErrors }).toEqual({
        status: 200,
        errors: undefined,
        userErrors: [],
      });
      ids.push(data?.paymentMethodAttach.paymentMethod?.id ?? "none");
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return ids;
}

/** What waits in billing's outbox for the log. */
async function unsent({ databaseOf }: Stack): Promise<number> {
  const client = new Client({ connectionString: databaseOf("billing") });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT count(*)::int AS count FROM outbox WHERE sent_at IS NULL");
    return rows[0].count;
  } finally {
    await client.end();
  }
}
