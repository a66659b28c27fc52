// Invitations: taken back, sent again, and gone with the right of whoever made them.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const accept = (person: Person, token: string) => as(person, "invitationAccept", { token }, "membership { id }");
const revoke = (person: Person, id: string) => as(person, "invitationRevoke", { id }, "invitation { id status }");
const resend = (person: Person, id: string) => as(person, "invitationResend", { id }, "invitation { id expiresAt }");

async function invite(inviter: Person, organizationId: string, email: string, role: "OWNER" | "MEMBER" = "MEMBER") {
  const roleIds = [(await fixture.roles(inviter, organizationId))[role]];
  const before = (await fixture.mailbox.list(email)).length;
  const { invitation } = await as(inviter, "invitationCreate", { organizationId, email, roleIds }, "invitation { id }");
  await waitFor(async () => (await fixture.mailbox.list(email)).length > before, { what: "the mail" });
  return { id: String(invitation.id), token: await fixture.tokenFor(email, "/invite") };
}

async function statusOf(owner: Person, organizationId: string, id: string): Promise<string | undefined> {
  const query = "query($id: ID!) { organization(id: $id) { invitations(first: 50) { edges { node { id status } } } } }";
  const { data } = await fixture.ask(await fixture.identityOf(owner), query, { id: organizationId });
  const nodes = data.organization.invitations.edges.map(({ node }: { node: { id: string; status: string } }) => node);
  return nodes.find((node: { id: string }) => node.id === id)?.status;
}

const revocations = async (organizationId: string) =>
  (await fixture.eventsOf(organizationId))
    .filter(({ type }) => type === "user.invitation.revoked.v1")
    .map(({ data }) => data.reason);

/** Ada's organisation, in which Bob is an owner, too. */
async function twoOwners() {
  const [ada, bob, eve] = [await fixture.person(), await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(ada);
  const membershipId = await fixture.join(ada, organizationId, bob);
  const { OWNER, MEMBER } = await fixture.roles(ada, organizationId);
  await as(ada, "membershipUpdate", { id: membershipId, roleIds: [OWNER] }, "membership { id }");
  return { ada, bob, eve, organizationId, membershipId, MEMBER };
}

test("the invitation of an owner who was removed makes nobody a member", async () => {
  const { ada, bob, eve, organizationId, membershipId } = await twoOwners();
  const { id, token } = await invite(bob, organizationId, eve.email, "OWNER");
  await as(ada, "membershipRemove", { id: membershipId }, "removedId");
  expect((await accept(eve, token)).userErrors[0].code).toBe("EXPIRED");
  expect(await statusOf(ada, organizationId, id)).toBe("REVOKED");
  expect(await revocations(organizationId)).toEqual(["inviter_removed"]);
});

test("invitations go with the role that allowed them, and others' stay", async () => {
  const { ada, bob, eve, organizationId, membershipId, MEMBER } = await twoOwners();
  const bobs = await invite(bob, organizationId, eve.email);
  const adas = await invite(ada, organizationId, `else-${randomUUID()}@example.com`);
  await as(ada, "membershipUpdate", { id: membershipId, roleIds: [MEMBER] }, "membership { id }");
  expect((await accept(eve, bobs.token)).userErrors[0].code).toBe("EXPIRED");
  expect(await statusOf(ada, organizationId, adas.id)).toBe("PENDING");
  expect(await revocations(organizationId)).toEqual(["inviter_demoted"]);
});

test("while its inviter is suspended an invitation cannot be accepted", async () => {
  const { bob, eve, organizationId } = await twoOwners();
  const { token } = await invite(bob, organizationId, eve.email);
  await fixture.admin.query(`UPDATE "user" SET status = 'SUSPENDED' WHERE id = $1`, [bob.userId]);
  expect((await accept(eve, token)).userErrors[0].code).toBe("EXPIRED");
  await fixture.admin.query(`UPDATE "user" SET status = 'ACTIVE' WHERE id = $1`, [bob.userId]);
  expect((await accept(eve, token)).membership).not.toBeNull();
});

test("an invitation is taken back once, by whoever may invite, and the address can be invited again", async () => {
  const { ada, bob, eve, organizationId } = await twoOwners();
  const { id, token } = await invite(bob, organizationId, eve.email);
  expect((await revoke(eve, id)).userErrors[0].code).toBe("NOT_FOUND");
  expect((await revoke(ada, id)).invitation.status).toBe("REVOKED");
  expect((await revoke(ada, id)).invitation.status).toBe("REVOKED");
  expect(await revocations(organizationId)).toEqual(["withdrawn"]);
  expect((await accept(eve, token)).userErrors[0].code).toBe("EXPIRED");
  expect((await resend(ada, id)).userErrors[0].code).toBe("STATE_INVALID");
  const again = await invite(ada, organizationId, eve.email);
  expect((await accept(eve, again.token)).membership).not.toBeNull();
  expect((await revoke(ada, again.id)).userErrors[0].code).toBe("STATE_INVALID");
  expect((await resend(ada, again.id)).userErrors[0].code).toBe("STATE_INVALID");
});

test("an invitation is sent again once a minute, and is good for seven days more", async () => {
  const { ada, eve, organizationId } = await twoOwners();
  const { id, token } = await invite(ada, organizationId, eve.email);
  expect((await resend(ada, id)).userErrors[0].code).toBe("LIMIT_REACHED");
  fixture.advance(6 * 24 * 3_600_000);
  // Sessions are shorter than invitations here.
  const [owner, guest] = [await fixture.signIn(ada), await fixture.signIn(eve)];
  const answers = await Promise.all([resend(owner, id), resend(owner, id)]);
  expect(answers.filter(({ invitation }) => invitation !== null)).toHaveLength(1);
  const second = await waitFor(
    async () => {
      const newest = await fixture.tokenFor(eve.email, "/invite");
      return newest !== token && newest;
    },
    { what: "another mail" },
  );
  fixture.advance(2 * 24 * 3_600_000);
  const [later] = [await fixture.signIn(guest)];
  expect((await accept(later, second)).membership).not.toBeNull();
});

test("nobody without an account can take an invitation back", async () => {
  const { ada, eve, organizationId } = await twoOwners();
  const { id } = await invite(ada, organizationId, eve.email);
  await expect(fixture.mutate(ANONYMOUS, "invitationRevoke", { id }, "invitation { id }")).rejects.toThrow(
    "UNAUTHENTICATED",
  );
});

describe("joining as a new user", () => {
  const PASSWORD = "correct horse battery";
  const join = (token: string, more: object = {}) =>
    fixture.mutate(
      ANONYMOUS,
      "invitationRegister",
      { token, password: PASSWORD, displayName: "Nina New", ...more },
      "email organizationId",
    );

  test("takes the token alone: the address is confirmed by it, once", async () => {
    const { ada, organizationId } = await twoOwners();
    const email = `new-${randomUUID()}@example.com`;
    const { token, id } = await invite(ada, organizationId, email);
    expect(refusalsOf(await join(token, { password: "short" }))).toEqual(["INVALID password"]);
    expect(refusalsOf(await join(token, { displayName: " " }))).toEqual(["BLANK displayName"]);
    const both = await Promise.all([join(token), join(token)]);
    const joined = both.filter(({ email }) => email !== null);
    expect(joined).toMatchObject([{ email, organizationId, userErrors: [] }]);
    expect(both.flatMap(refusalsOf)[0]).toMatch(/^(TAKEN|EXPIRED) token$/);
    const nina = await fixture.signIn({ email, password: PASSWORD });
    const query =
      "{ viewer { user { displayName status } memberships(first: 5) { edges { node { organization { id } } } } } }";
    expect((await fixture.ask(await fixture.identityOf(nina), query)).data.viewer).toEqual({
      user: { displayName: "Nina New", status: "ACTIVE" },
      memberships: { edges: [{ node: { organization: { id: organizationId } } }] },
    });
    expect(await statusOf(ada, organizationId, id)).toBe("ACCEPTED");
    expect((await fixture.eventsOf(nina.userId)).map(({ type }) => type)).toEqual([
      "user.registered.v1",
      "user.email_verified.v1",
      "user.session.created.v1",
    ]);
    expect(refusalsOf(await join(token))).toEqual(["TAKEN token"]);
  });

  test("makes the account that of the invited person, whoever registered the address before", async () => {
    const { ada, organizationId } = await twoOwners();
    const { email, password } = await fixture.register();
    const { token } = await invite(ada, organizationId, email);
    const mine = "my own battery staple";
    expect((await join(token, { password: mine })).email).toBe(email);
    await expect(fixture.signIn({ email, password })).rejects.toThrow("INVALID");
    expect((await fixture.signIn({ email, password: mine })).email).toBe(email);
  });

  test("is refused where there is an account, and with a token that is no good", async () => {
    const { ada, bob, eve, organizationId } = await twoOwners();
    const { token } = await invite(ada, organizationId, eve.email);
    expect(refusalsOf(await join(token))).toEqual(["TAKEN token"]);
    expect((await accept(eve, token)).membership).not.toBeNull();
    const gone = await invite(bob, organizationId, `gone-${randomUUID()}@example.com`);
    await revoke(bob, gone.id);
    expect(refusalsOf(await join(gone.token))).toEqual(["EXPIRED token"]);
    expect(refusalsOf(await join("tri_made-up"))).toEqual(["EXPIRED token"]);
    const suspended = await invite(bob, organizationId, `late-${randomUUID()}@example.com`);
    await fixture.admin.query(`UPDATE "user" SET status = 'SUSPENDED' WHERE id = $1`, [bob.userId]);
    expect(refusalsOf(await join(suspended.token))).toEqual(["EXPIRED token"]);
    const { rowCount } = await fixture.admin.query(`SELECT 1 FROM "user" WHERE email LIKE 'late-%'`);
    expect(rowCount).toBe(0);
  });
});
