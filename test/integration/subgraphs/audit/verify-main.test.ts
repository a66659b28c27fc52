import { afterAll, beforeAll, expect, test } from "vitest";
import { startProcess } from "../../../support/process.ts";
import { type AuditFixture, createAuditFixture } from "./audit-fixture.ts";

let fixture: AuditFixture;

beforeAll(async () => {
  fixture = await createAuditFixture();
  await fixture.startSubgraph();
});

afterAll(() => fixture.stop());

async function organizationWith(entries: number): Promise<{ id: string; head: string }> {
  const id = fixture.newOrganization();
  await fixture.deliver(...Array.from({ length: entries }, () => fixture.renamed(id)));
  const chain = await fixture.recorded(id, entries);
  return { id, head: chain.at(-1)?.hash ?? "" };
}

async function verify(tenants: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const verifying = await startProcess({
    entry: "subgraphs/audit/verify-main.ts",
    entryArguments: tenants.flatMap((tenant) => ["--tenant", tenant]),
    env: { AUDIT_DATABASE_URL: fixture.urls.app, ...env },
  });
  const { code } = await verifying.exited;
  return { code, output: (await verifying.output()).trim() };
}

/** What a database administrator can do: switch the trigger off, change rows, switch it on again. */
async function tamper(statement: string, ...values: readonly unknown[]): Promise<void> {
  const client = await fixture.superuser.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL session_replication_role = replica");
    await client.query(statement, [...values]);
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}

test("untouched chains are verified, each with its length and head [AD-01]", async () => {
  const [first, second] = [await organizationWith(3), await organizationWith(1)];
  const none = fixture.newOrganization();
  expect(await verify([first.id, second.id, none])).toEqual({
    code: 0,
    output: [
      `${first.id}: 3 entries verified, head ${first.head}`,
      `${second.id}: 1 entries verified, head ${second.head}`,
      `${none}: 0 entries verified, head none`,
    ].join("\n"),
  });
});

test("an event that the chain names as not recorded is told, until it is recorded after all", async () => {
  const id = fixture.newOrganization();
  const lost = fixture.renamed(id);
  await fixture.log.append("user.events", [{ key: id, value: JSON.stringify({ ...lost, data: { name: 7 } }) }]);
  const [gap] = await fixture.recorded(id, 1);
  const told = await verify([id]);
  expect(told).toEqual({
    code: 3,
    output: expect.stringMatching(
      new RegExp(
        `^${id}: 1 entries verified, head ${gap?.hash}\n.+NOT RECORDED: user.+ ${lost.id}, user.events \\d+/\\d+, dead`,
      ),
    ),
  });
  await fixture.deliver(lost);
  await fixture.recorded(id, 2);
  expect((await verify([id])).code).toBe(0);
});

test.each([
  ["one changed fact", "UPDATE audit_entry SET actor_id = 'usr_other' WHERE tenant_id = $1 AND sequence = 3", 3],
  [
    "one character of the metadata",
    `UPDATE audit_entry SET metadata = jsonb_set(metadata, '{name}', '"Work"') WHERE tenant_id = $1 AND sequence = 2`,
    2,
  ],
  [
    "a moved time",
    "UPDATE audit_entry SET occurred_at = occurred_at + interval '1 ms' WHERE tenant_id = $1 AND sequence = 4",
    4,
  ],
  ["a removed entry", "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence = 2", 2],
  ["a removed end", "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence >= 4", 4],
  ["everything removed", "DELETE FROM audit_entry WHERE tenant_id = $1", 1],
  ["another head", "UPDATE audit_chain SET hash = repeat('0', 64) WHERE tenant_id = $1", 5],
])("an edit by a superuser is named: %s [AD-01] [S97]", async (_what, statement, sequence) => {
  const [edited, sound] = [await organizationWith(5), await organizationWith(1)];
  await tamper(statement, edited.id);
  const { code, output } = await verify([edited.id, sound.id]);
  expect(output).toMatch(new RegExp(`^${edited.id}: BAD at sequence ${sequence}: .+\n${sound.id}: 1 entries verified`));
  expect(code).toBe(1);
});

test("without a tenant it says how to name one, without a database which setting is missing", async () => {
  expect(await verify([])).toEqual({ code: 2, output: expect.stringContaining("npm run verify-audit -- --tenant") });
  expect(await verify(["org_1"], { AUDIT_DATABASE_URL: "" })).toEqual({
    code: 2,
    output: expect.stringContaining("AUDIT_DATABASE_URL: is not set"),
  });
});
