// S99: the audit subgraph's own database is away while commands succeed. Their entries come later, all of them, in a
// chain that verifies. Distributed: each subgraph has a database of its own, and a proxy stands before audit's.
import { isDeepStrictEqual } from "node:util";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { settingNames } from "../../platform/graphql/subgraph-settings.ts";
import { attachCard, NEW_ORGANIZATION_VERSION, newMember, newOrganization } from "../support/client/new-member.ts";
import type { FaultMode } from "../support/fault-mode.ts";
import { createFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { startProcess } from "../support/process.ts";
import { serviceAddress } from "../support/services/service-addresses.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

let proxy: FaultProxy;
let stack: Stack;

beforeAll(async () => {
  const { hostname, port } = new URL(serviceAddress("postgres"));
  proxy = await createFaultProxy({ target: { host: hostname, port: Number(port) } });
  stack = await startStack("distributed", { databasePorts: { audit: proxy.port } });
});
afterAll(async () => {
  await proxy?.mode("pass");
  await stack?.stop();
  await proxy?.stop();
});

const COMMANDS = 25;

/** Subjects of the committed events of an organisation, by subgraph. */
async function outboxOf(subgraph: string, organizationId: string): Promise<string[]> {
  return column(stack.databaseOf(subgraph), "SELECT event_id::text FROM outbox WHERE tenant_id = $1", organizationId);
}
const recordedOf = (organizationId: string) =>
  column(stack.databaseOf("audit"), "SELECT event_id::text FROM audit_entry WHERE tenant_id = $1", organizationId);

async function column(url: string, sql: string, value: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, values: [value], rowMode: "array" })).rows.flat().sort();
  } finally {
    await client.end();
  }
}

test.each<FaultMode>(["refuse", "black-hole"])(
  "while audit's database is away (%s), commands of the other subgraphs succeed; every entry arrives later, once, and the chain verifies [S99]",
  async (mode) => {
    const owner = await newMember(stack);
    const account = await newOrganization(owner);
    const { organizationId } = account;
    await proxy.mode(mode);
    const before = await recordedOf(organizationId);
    try {
      for (let number = 0; number < COMMANDS; number += 1) {
        await attachCard(owner, account);
        const renamed = {
          id: organizationId,
          expectedVersion: NEW_ORGANIZATION_VERSION + number,
          name: `Works ${number}`,
        };
        await owner.client.mutate("organizationUpdate", renamed, "organization { version }");
      }
      // The log has them all before audit gets back to work.
      const unsent = async () => {
        const sql = "SELECT event_id::text FROM outbox WHERE tenant_id = $1 AND sent_at IS NULL";
        const left = await Promise.all(
          ["user", "billing"].map((name) => column(stack.databaseOf(name), sql, organizationId)),
        );
        return left.flat().length;
      };
      await waitFor(async () => (await unsent()) === 0, { what: "everything to be published" });
      expect(await recordedOf(organizationId)).toEqual(before);
    } finally {
      await proxy.mode("pass");
    }
    const both = async () => [
      ...(await outboxOf("user", organizationId)),
      ...(await outboxOf("billing", organizationId)),
    ];
    // Read together: mails about the organisation may commit events of their own meanwhile.
    const equal = async () => isDeepStrictEqual(await recordedOf(organizationId), (await both()).sort());
    await waitFor(equal, { what: "every entry, once", deadlineMs: 90_000, intervalMs: 100 });
    expect((await recordedOf(organizationId)).length).toBeGreaterThanOrEqual(2 * COMMANDS);
    const verify = await startProcess({
      entry: "subgraphs/audit/verify-main.ts",
      entryArguments: ["--tenant", organizationId],
      env: { [settingNames("audit").app]: stack.databaseOf("audit") },
    });
    expect((await verify.exited).code, await verify.output()).toBe(0);
  },
  240_000,
);
