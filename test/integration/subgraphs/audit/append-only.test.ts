import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { type AuditFixture, createAuditFixture } from "./audit-fixture.ts";

let fixture: AuditFixture;
let organization: OrganizationId;

beforeAll(async () => {
  fixture = await createAuditFixture();
  await fixture.startSubgraph();
  organization = fixture.newOrganization();
  await fixture.deliver(fixture.renamed(organization), fixture.renamed(organization));
  await fixture.recorded(organization, 2);
});

afterAll(() => fixture.stop());

/** SQLSTATE and message of the refusal; fails the test when there is none. */
async function refusal(url: string, statement: string): Promise<{ code: unknown; message: string }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // As inside `inTenants`: the rows are visible, so nothing but the right to change them is missing.
    await client.query("SELECT set_config('app.tenants', $1, false)", [organization]);
    expect((await client.query("SELECT count(*)::int AS n FROM audit_entry")).rows).toEqual([{ n: 2 }]);
    await client.query(statement);
  } catch (error) {
    if (error instanceof Error && "code" in error) return { code: error.code, message: error.message };
    throw error;
  } finally {
    await client.end();
  }
  throw new Error(`not refused: ${statement}`);
}

const CHANGES = [
  ["UPDATE", "UPDATE audit_entry SET actor_id = 'usr_other'"],
  ["an UPDATE of one row", "UPDATE audit_entry SET hash = hash WHERE sequence = 2"],
  ["DELETE", "DELETE FROM audit_entry"],
  ["TRUNCATE", "TRUNCATE audit_entry"],
] as const;

describe.each(CHANGES)("%s", (_what, statement) => {
  test("is refused to the application by its missing grant [S97] [AD-01]", async () => {
    expect(await refusal(fixture.urls.app, statement)).toEqual({
      code: "42501",
      message: "permission denied for table audit_entry",
    });
  });

  test.each(["owner", "superuser"] as const)("is refused to the %s by the trigger [S97]", async (role) => {
    expect(await refusal(fixture.urls[role], statement)).toEqual({
      code: "42501",
      message: "audit entries are append-only",
    });
  });
});

test.each([
  "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
  "DROP TABLE audit_entry",
  "SET session_replication_role = replica",
])("the application cannot get around it: %s [S97]", async (statement) => {
  expect(await refusal(fixture.urls.app, statement)).toMatchObject({ code: "42501" });
});

test("the application cannot remove the head of a chain", async () => {
  expect(await refusal(fixture.urls.app, "DELETE FROM audit_chain")).toMatchObject({ code: "42501" });
});
