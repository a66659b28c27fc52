// One query over two databases that are both held up: whether the second is asked while the first has not answered.
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

let stack: Stack;
let owner: Member;
let organizationId: string;

beforeAll(async () => {
  // Held up for as long as it takes to see both reads wait.
  const aMinute = { SUBGRAPH_TIMEOUT_MS: "60000", SUBGRAPH_ATTEMPT_MS: "60000", REQUEST_TIMEOUT_MS: "60000" };
  stack = await startStack("distributed", { settings: aMinute });
  owner = await newMember(stack);
  ({ organizationId } = await newOrganization(owner));
});
afterAll(() => stack?.stop());

const QUERY = `query($id: ID!) { organization(id: $id) {
  name
  billingAccount { invoices(first: 1) { totalCount } }
  auditLog(first: 1) { edges { node { action } } }
} }`;

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Databases of the stack with a read of the query that waits for a lock now. */
async function held(observer: Client): Promise<readonly string[]> {
  const names = [stack.databaseOf("billing"), stack.databaseOf("audit")].map((url) => new URL(url).pathname.slice(1));
  const { rows } = await observer.query<{ datname: string }>(
    `SELECT DISTINCT datname FROM pg_stat_activity
     WHERE datname = ANY($1) AND wait_event_type = 'Lock' AND query ~ '^SELECT.*"(invoice|audit_entry)"'`,
    [names],
  );
  return rows.map(({ datname }) => datname);
}

test("billing's and audit's databases read at the same time for one query, and the gateway merges what they answer [S74]", async () => {
  const billing = await connect(stack.databaseOf("billing"));
  const audit = await connect(stack.databaseOf("audit"));
  // The figures of the server stand still within a transaction.
  const observer = await connect(stack.databaseOf("user"));
  try {
    await billing.query("BEGIN; LOCK TABLE invoice IN ACCESS EXCLUSIVE MODE");
    await audit.query("BEGIN; LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE");
    const answer = owner.client.send(QUERY, { id: organizationId });
    const what = "both databases to have the query's reads";
    await waitFor(async () => (await held(observer)).length === 2, { what });
    await Promise.all([billing.query("COMMIT"), audit.query("COMMIT")]);
    expect(await answer).toMatchObject({
      data: {
        organization: {
          name: "Test Works",
          billingAccount: { invoices: { totalCount: 0 } },
          auditLog: { edges: expect.any(Array) },
        },
      },
    });
  } finally {
    await Promise.all([billing.end(), audit.end(), observer.end()]);
  }
});
