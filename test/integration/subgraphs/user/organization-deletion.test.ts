// An organisation is deleted by its owners, can be restored for a while, and is gone then with all its members.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantsOf } from "../../../../platform/auth/identity.ts";
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { waitFor } from "../../../support/wait.ts";
import { type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const ORGANIZATION = "organization { id name slug status deletesAt version }";
const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const remove = (person: Person, id: string, confirmSlug: string) =>
  as(person, "organizationDelete", { id, confirmSlug }, ORGANIZATION);
const restore = (person: Person, id: string) => as(person, "organizationRestore", { id }, ORGANIZATION);
const typesOf = async (organizationId: string, pattern: RegExp) =>
  (await fixture.eventsOf(organizationId)).map(({ type }) => type).filter((type) => pattern.test(type));
const DELETION = /organization\.(deletion_scheduled|restored|deleted)/;
const rightsOf = async (person: Person, organizationId: OrganizationId) =>
  [...(grantsOf(await fixture.identityOf(person)).get(organizationId) ?? [])].sort();

/** An organisation that is set up, with an owner and a member. */
async function world() {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const slug = `s-${randomUUID().slice(0, 20)}`;
  const organizationId = await fixture.organization(ada, slug);
  const bobs = await fixture.join(ada, organizationId, bob);
  await fixture.admin.query("UPDATE organization SET status = 'ACTIVE' WHERE id = $1", [organizationId]);
  return { ada, bob, bobs, slug, organizationId };
}

async function makeOwner(owner: Person, organizationId: string, membershipId: string): Promise<void> {
  const { OWNER } = await fixture.roles(owner, organizationId);
  await as(owner, "membershipUpdate", { id: membershipId, roleIds: [OWNER] }, "membership { id }");
}

const isGone = (organizationId: string) =>
  waitFor(async () => (await typesOf(organizationId, /organization\.deleted/)).length === 1, {
    what: "the organisation to be gone",
    deadlineMs: 30_000,
  });

describe("deleting", () => {
  test("is for owners who typed the slug, and for nobody and nothing else", async () => {
    const { ada, bob, bobs, slug, organizationId } = await world();
    const { ADMIN } = await fixture.roles(ada, organizationId);
    await as(ada, "membershipUpdate", { id: bobs, roleIds: [ADMIN] }, "membership { id }");
    expect(refusalsOf(await remove(ada, organizationId, `${slug}x`))).toEqual(["INVALID confirmSlug"]);
    expect(refusalsOf(await remove(bob, organizationId, slug))).toEqual(["FORBIDDEN undefined"]);
    expect(refusalsOf(await remove(await fixture.person(), organizationId, slug))).toEqual(["NOT_FOUND id"]);
    expect(refusalsOf(await restore(ada, organizationId))).toEqual(["STATE_INVALID id"]);
    const key = { organizationId, name: "Export", scopes: ["organization.own", "organization.read"] };
    const { apiKey } = await as(ada, "apiKeyCreate", key, "apiKey { id } secret");
    const program = {
      ...{ kind: "API_KEY" as const, keyId: apiKey.id, grantedBy: ada.userId },
      grants: new Map([[organizationId, new Set(key.scopes)]]),
    };
    const input = { id: organizationId, confirmSlug: slug };
    await expect(fixture.mutate(program, "organizationDelete", input, ORGANIZATION)).rejects.toThrow("FORBIDDEN");
    expect(await typesOf(organizationId, DELETION)).toEqual([]);
  });

  test("waits until an organisation is set up", async () => {
    const ada = await fixture.person();
    const slug = `s-${randomUUID().slice(0, 20)}`;
    expect(refusalsOf(await remove(ada, await fixture.organization(ada, slug), slug))).toEqual(["STATE_INVALID id"]);
  });

  test("leaves members the sight of it, owners the way back, programs nothing; once, however often asked", async () => {
    const { ada, bob, slug, organizationId } = await world();
    const key = { organizationId, name: "Export", scopes: ["billing.read"] };
    const { secret } = await as(ada, "apiKeyCreate", key, "secret");
    const { organization } = await remove(ada, organizationId, slug);
    const inDays = (Date.parse(organization.deletesAt) - fixture.clock.now().getTime()) / 86_400_000;
    expect([organization.status, Math.round(inDays)]).toEqual(["DELETING", 3]);
    expect((await remove(ada, organizationId, slug)).organization).toEqual(organization);
    expect(await typesOf(organizationId, DELETION)).toEqual(["user.organization.deletion_scheduled.v1"]);
    expect(await rightsOf(ada, organizationId)).toEqual(["organization.own", "organization.read"]);
    expect(await rightsOf(bob, organizationId)).toEqual(["organization.read"]);
    expect((await fixture.subgraph.tokenService.apiKey(secret))?.permissions).toEqual([]);
    const rename = { id: organizationId, expectedVersion: organization.version, name: "Other" };
    expect(refusalsOf(await as(ada, "organizationUpdate", rename, "organization { id }"))).toEqual([
      "FORBIDDEN undefined",
    ]);
  });

  test("is told to each owner by mail, with the day", async () => {
    const { ada, bob, bobs, slug, organizationId } = await world();
    await makeOwner(ada, organizationId, bobs);
    const { organization } = await remove(ada, organizationId, slug);
    for (const { email } of [ada, bob]) {
      const mails = await waitFor(
        async () => {
          const about = (await fixture.mailbox.list(email)).filter(({ subject }) => subject.endsWith("was deleted"));
          return about.length > 0 && about;
        },
        { what: `a mail to ${email}` },
      );
      expect(mails).toHaveLength(1);
      const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });
      expect(mails[0]?.text).toContain(`On ${day.format(new Date(organization.deletesAt))} it is gone`);
    }
  });
});

describe("restoring", () => {
  test("brings it back as it was, for its owners alone", async () => {
    const { ada, bob, slug, organizationId } = await world();
    const before = await rightsOf(bob, organizationId);
    const { organization: deleted } = await remove(ada, organizationId, slug);
    expect(refusalsOf(await restore(bob, organizationId))).toEqual(["FORBIDDEN undefined"]);
    expect(refusalsOf(await restore(await fixture.person(), organizationId))).toEqual(["NOT_FOUND id"]);
    const { organization } = await restore(ada, organizationId);
    expect(organization).toEqual({ ...deleted, status: "ACTIVE", deletesAt: null, version: deleted.version + 1 });
    expect(await rightsOf(bob, organizationId)).toEqual(before);
    expect(await typesOf(organizationId, DELETION)).toEqual([
      "user.organization.deletion_scheduled.v1",
      "user.organization.restored.v1",
    ]);
  });
});

/** Many members at once, past what one transaction removes. */
async function crowd(organizationId: string, count: number): Promise<void> {
  const people = Array.from({ length: count }, () => ({
    user: fixture.ids.next("usr"),
    membership: fixture.ids.next("mem"),
  }));
  for (const { user, membership } of people) {
    await fixture.admin.query(
      `INSERT INTO "user" (id, email, display_name, password_hash, status, verification_requested_at, created_at, updated_at)
       VALUES ($1, $1 || '@example.com', 'Crowd', 'x', 'ACTIVE', now(), now(), now())`,
      [user],
    );
    await fixture.admin.query(
      "INSERT INTO membership (id, organization_id, user_id, founder, joined_at) VALUES ($1, $2, $3, false, now())",
      [membership, organizationId, user],
    );
  }
}

describe("when the grace is over", () => {
  test("members, invitations and API keys end, and nothing about people stays", async () => {
    const { ada, slug, organizationId } = await world();
    await crowd(organizationId, 120);
    const { MEMBER } = await fixture.roles(ada, organizationId);
    const email = `guest-${randomUUID()}@example.com`;
    await as(ada, "invitationCreate", { organizationId, email, roleIds: [MEMBER] }, "invitation { id }");
    await fixture.tokenFor(email, "/invite");
    const key = { organizationId, name: "Export", scopes: ["billing.read"] };
    const { secret } = await as(ada, "apiKeyCreate", key, "secret");
    await remove(ada, organizationId, slug);
    fixture.advance(fixture.settings.ORGANIZATION_GRACE_SECONDS * 1_000 + 1_000);
    const late = refusalsOf(await restore(await fixture.signIn(ada), organizationId));
    expect(["STATE_INVALID id", "NOT_FOUND id"]).toContain(late[0]);
    await isGone(organizationId);
    const after = await typesOf(organizationId, /removed|revoked|organization\.deleted/);
    expect(after).toEqual([
      "user.invitation.revoked.v1",
      "user.api_key.revoked.v1",
      ...Array<string>(122).fill("user.membership.removed.v1"),
      "user.organization.deleted.v1",
    ]);
    const events = await fixture.eventsOf(organizationId);
    expect(events.at(-1)).toMatchObject({ actorkind: "SERVICE", actorid: "user" });
    expect(await fixture.subgraph.tokenService.apiKey(secret)).toBeNull();
    const again = await fixture.signIn(ada);
    expect([...grantsOf(await fixture.identityOf(again)).keys()]).toEqual([]);
    const { rows } = await fixture.admin.query(
      "SELECT name, slug, status, deletes_at FROM organization WHERE id = $1",
      [organizationId],
    );
    expect(rows).toEqual([{ name: "Deleted organisation", slug, status: "DELETED", deletes_at: null }]);
    for (const sql of [
      "SELECT 1 FROM invitation WHERE organization_id = $1",
      "SELECT 1 FROM invitation_token WHERE organization_id = $1",
      "SELECT 1 FROM member_search_term WHERE organization_id = $1",
      "SELECT 1 FROM email_delivery WHERE tenant_id = $1 AND recipient IS NOT NULL",
    ]) {
      expect((await fixture.admin.query(sql, [organizationId])).rowCount, sql).toBe(0);
    }
    const taken = { name: "Taken", slug, idempotencyKey: randomUUID() };
    expect(refusalsOf(await as(again, "organizationCreate", taken, "organization { id }"))).toEqual(["TAKEN slug"]);
  });

  test("an organisation that was restored is left alone", async () => {
    const { ada, bob, slug, organizationId } = await world();
    await remove(ada, organizationId, slug);
    await restore(ada, organizationId);
    const other = await world();
    await remove(other.ada, other.organizationId, other.slug);
    fixture.advance(fixture.settings.ORGANIZATION_GRACE_SECONDS * 1_000 + 1_000);
    await isGone(other.organizationId);
    expect(await typesOf(organizationId, /organization\.deleted|membership\.removed/)).toEqual([]);
    expect(await rightsOf(await fixture.signIn(bob), organizationId)).toContain("organization.read");
  });
});

test("the last owner of an organisation that is being deleted may be erased, whoever else is in it", async () => {
  const { ada, bob, slug, organizationId } = await world();
  const erase = (person: Person) => as(person, "userErase", { id: person.userId, password: person.password }, "erased");
  expect(refusalsOf(await erase(ada))).toEqual(["STATE_INVALID id"]);
  await remove(ada, organizationId, slug);
  expect((await erase(ada)).erased).toBe(true);
  expect(await rightsOf(bob, organizationId)).toEqual(["organization.read"]);
});
