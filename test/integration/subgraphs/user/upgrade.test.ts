// An installation of version 0.1.0 is brought up to date: its people sign in, its organisations go on, its links work.
import { hash } from "bcrypt";
import type { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  INVITATION_TOKEN,
  mintToken,
  REFRESH_TOKEN,
  VERIFICATION_TOKEN,
} from "../../../../subgraphs/user/credentials/opaque-token.ts";
import { namedId } from "../../../support/identities.ts";
import { waitFor } from "../../../support/wait.ts";
import { makeReleasedDatabase } from "../released-database.ts";
import { ANONYMOUS, startUser, type UserFixture } from "./user-fixture.ts";

const PASSWORD = "correct horse battery";
const ADA = namedId("usr", "ada");
const BOB = namedId("usr", "bob");
const WORKS = namedId("org", "works");
const SESSION = namedId("ses", "ada");
const tokens = {
  refresh: mintToken(REFRESH_TOKEN, ADA),
  verification: mintToken(VERIFICATION_TOKEN, BOB),
  invitation: mintToken(INVITATION_TOKEN, WORKS),
};

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser({
    before: (urls, adminUrl) => makeReleasedDatabase({ name: "user", urls, adminUrl, write }),
  });
});
afterAll(() => fixture?.stop());

async function write(admin: Client): Promise<void> {
  const now = new Date();
  const later = new Date(now.getTime() + 7 * 24 * 3_600_000);
  const passwordHash = await hash(PASSWORD, 5);
  for (const [id, email, verifiedAt, status] of [
    [ADA, "ada@example.com", now, "ACTIVE"],
    [BOB, "bob@example.com", null, "PENDING_VERIFICATION"],
  ]) {
    await admin.query(
      `INSERT INTO "user" (id, email, email_verified_at, display_name, password_hash, status,
         verification_requested_at, version, created_at, updated_at)
       VALUES ($1, $2, $3, 'Somebody', $4, $5, $6, 3, $6, $6)`,
      [id, email, verifiedAt, passwordHash, status, now],
    );
  }
  await admin.query(
    "INSERT INTO email_verification (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    [tokens.verification.hash, BOB, now, later],
  );
  await admin.query(
    "INSERT INTO session (id, user_id, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)",
    [SESSION, ADA, now, later],
  );
  await admin.query("INSERT INTO refresh_token (token_hash, session_id, user_id, created_at) VALUES ($1, $2, $3, $4)", [
    tokens.refresh.hash,
    SESSION,
    ADA,
    now,
  ]);
  await admin.query(
    `INSERT INTO organization (id, slug, name, status, created_at, updated_at)
     VALUES ($1, 'old-works', 'Old Works', 'ACTIVE', $2, $2)`,
    [WORKS, now],
  );
  for (const [name, permissions] of [
    [
      "OWNER",
      [
        "organization.read",
        "organization.manage",
        "members.read",
        "members.manage",
        "billing.read",
        "billing.manage",
        "audit.read",
      ],
    ],
    ["MEMBER", ["organization.read", "members.read", "billing.read"]],
  ]) {
    await admin.query(
      "INSERT INTO role (id, organization_id, name, permissions, built_in) VALUES ($1, $2, $3, $4, true)",
      [namedId("rol", String(name)), WORKS, name, permissions],
    );
  }
  const membershipId = namedId("mem", "ada");
  await admin.query(
    "INSERT INTO membership (id, organization_id, user_id, founder, joined_at) VALUES ($1, $2, $3, true, $4)",
    [membershipId, WORKS, ADA, now],
  );
  await admin.query("INSERT INTO membership_role (membership_id, role_id, organization_id) VALUES ($1, $2, $3)", [
    membershipId,
    namedId("rol", "OWNER"),
    WORKS,
  ]);
  const invitationId = namedId("ivt", "bob");
  await admin.query(
    `INSERT INTO invitation (id, organization_id, email, role_ids, invited_by_id, created_at, expires_at)
     VALUES ($1, $2, 'bob@example.com', $3, $4, $5, $6)`,
    [invitationId, WORKS, [namedId("rol", "MEMBER")], ADA, now, later],
  );
  await admin.query(
    "INSERT INTO invitation_token (token_hash, invitation_id, organization_id, created_at) VALUES ($1, $2, $3, $4)",
    [tokens.invitation.hash, invitationId, WORKS, now],
  );
}

test("people sign in with what they have, and see their account with the history it can have", async () => {
  const ada = await fixture.signIn({ email: "ada@example.com", password: PASSWORD });
  expect(ada.userId).toBe(ADA);
  const refreshed = await fixture.mutate(
    ANONYMOUS,
    "sessionRefresh",
    { refreshToken: tokens.refresh.token },
    "session { id }",
  );
  expect(refreshed.session.id).toBe(SESSION);
  const query = `{ viewer { user { version profileEvents(first: 5) { edges { node { type sequence } } } }
    secondFactor { createdAt } } }`;
  const { viewer } = (await fixture.ask(await fixture.identityOf(ada), query)).data;
  expect(viewer.user.version).toBe(3);
  expect(viewer.user.profileEvents.edges).toEqual([{ node: { type: "IMPORTED", sequence: 3 } }]);
  expect(viewer.secondFactor).toBeNull();
});

test("members are found from the start, though no event tells of them any more [S87]", async () => {
  const ada = await fixture.signIn({ email: "ada@example.com", password: PASSWORD });
  const identity = await fixture.identityOf(ada);
  const query = `query($id: ID!) { organization(id: $id) {
    memberSearch(query: "some", first: 5) { edges { node { user { id } } } } } }`;
  const found = async () => {
    const { organization } = (await fixture.ask(identity, query, { id: WORKS })).data;
    return organization.memberSearch.edges.length > 0 && organization.memberSearch.edges;
  };
  expect(await waitFor(found, { what: "the search to be filled" })).toEqual([{ node: { user: { id: ADA } } }]);
});

test("owners go on owning: found by its slug, with the roles of today, and it may have another slug", async () => {
  const ada = await fixture.signIn({ email: "ada@example.com", password: PASSWORD });
  const identity = await fixture.identityOf(ada);
  const query = '{ organization(slug: "old-works") { id version roles { name } } }';
  const { organization } = (await fixture.ask(identity, query)).data;
  expect(organization.id).toBe(WORKS);
  expect(organization.roles.map(({ name }: { name: string }) => name).sort()).toEqual([
    "ADMIN",
    "AUDITOR",
    "BILLING",
    "MEMBER",
    "OWNER",
  ]);
  const role = await fixture.mutate(
    identity,
    "roleCreate",
    { organizationId: WORKS, name: "SUPPORT", permissions: ["members.read"], idempotencyKey: "upgrade-role" },
    "role { id }",
  );
  expect(role.userErrors).toEqual([]);
  const change = { id: WORKS, expectedVersion: organization.version, slug: "new-works" };
  expect((await fixture.mutate(identity, "organizationUpdate", change, "organization { slug }")).userErrors).toEqual(
    [],
  );
  expect((await fixture.ask(identity, query)).data.organization.id).toBe(WORKS);
});

test("links that were mailed before still work: an address is confirmed, an invitation accepted", async () => {
  const verified = await fixture.mutate(
    ANONYMOUS,
    "emailVerify",
    { token: tokens.verification.token, password: PASSWORD },
    "user { status }",
  );
  expect(verified.user).toEqual({ status: "ACTIVE" });
  const bob = await fixture.signIn({ email: "bob@example.com", password: PASSWORD });
  const joined = await fixture.mutate(
    await fixture.identityOf(bob),
    "invitationAccept",
    { token: tokens.invitation.token },
    "membership { roles { name } }",
  );
  expect(joined).toMatchObject({ membership: { roles: [{ name: "MEMBER" }] }, userErrors: [] });
});
