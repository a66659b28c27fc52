// Seats of a plan: who invites and who accepts find them taken, and never are there more members than were paid for.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type Json, type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
let owner: Person;
beforeAll(async () => {
  fixture = await startUser();
  owner = await fixture.person();
});
afterAll(() => fixture?.stop());

/** What billing publishes of a plan's seats. @param limit null: unlimited */
async function grantSeats(organizationId: string, limit: number | null, granted = true): Promise<void> {
  const [created] = await fixture.eventsOf(organizationId);
  const amount = limit === null ? null : String(limit);
  const seats = { key: "seats", granted, limit: amount, used: "1", remaining: amount, resetsAt: null };
  const event = {
    ...created,
    ...{ id: fixture.ids.uuid(), causationid: created.id, hop: 1, source: "/tributary/billing", sequence: "1" },
    type: "billing.entitlement.changed.v1",
    subject: organizationId,
    aggregateversion: 0,
    data: { organizationId, entitlements: [seats], reachedPercent: null },
  };
  await fixture.eventLog.ensureTopics(["billing.events"]);
  await fixture.eventLog.append("billing.events", [{ key: organizationId, value: JSON.stringify(event) }]);
  await waitFor(
    async () => {
      const sql = "SELECT granted, allowed::text AS allowed FROM organization_entitlement WHERE organization_id = $1";
      const { rows } = await fixture.admin.query(sql, [organizationId]);
      return rows[0]?.granted === granted && rows[0]?.allowed === (granted ? amount : null);
    },
    { what: "the seats to be known" },
  );
}

async function invite(organizationId: string, email: string): Promise<Json> {
  const roleIds = [(await fixture.roles(owner, organizationId)).MEMBER];
  return fixture.mutateAs(owner, "invitationCreate", { organizationId, email, roleIds }, "invitation { id }");
}

const newEmail = () => `seat-${randomUUID()}@example.com`;
const accept = (guest: Person, token: string) =>
  fixture.mutateAs(guest, "invitationAccept", { token }, "membership { id }");

async function membersOf(organizationId: string): Promise<number> {
  const sql = "SELECT count(*)::int AS count FROM membership WHERE organization_id = $1";
  return (await fixture.admin.query(sql, [organizationId])).rows[0].count;
}

test("an organisation without a plan, or with one that ended, invites without a limit", async () => {
  const organizationId = await fixture.organization(owner);
  for (let count = 0; count < 3; count += 1) {
    expect((await invite(organizationId, newEmail())).userErrors).toEqual([]);
  }
  await grantSeats(organizationId, 1);
  expect(refusalsOf(await invite(organizationId, newEmail()))).toEqual(["LIMIT_REACHED undefined"]);
  await grantSeats(organizationId, 0, false);
  expect((await invite(organizationId, newEmail())).userErrors).toEqual([]);
  await grantSeats(organizationId, null);
  expect((await invite(organizationId, newEmail())).userErrors).toEqual([]);
});

test("members and open invitations take the seats, and one that is taken back frees its seat", async () => {
  const organizationId = await fixture.organization(owner);
  await grantSeats(organizationId, 3);
  const first = await invite(organizationId, newEmail());
  expect((await invite(organizationId, newEmail())).userErrors).toEqual([]);
  const refused = await invite(organizationId, newEmail());
  expect(refused.invitation).toBeNull();
  expect(refused.userErrors).toMatchObject([{ code: "LIMIT_REACHED", status: 422 }]);
  await fixture.mutateAs(owner, "invitationRevoke", { id: first.invitation.id }, "invitation { id }");
  expect((await invite(organizationId, newEmail())).userErrors).toEqual([]);
});

test("of those who accept at once, as many join as there are seats [S91]", async () => {
  const organizationId = await fixture.organization(owner);
  const guests = await Promise.all(Array.from({ length: 4 }, () => fixture.person()));
  for (const { email } of guests) expect((await invite(organizationId, email)).userErrors).toEqual([]);
  const tokens = await Promise.all(guests.map(({ email }) => fixture.tokenFor(email, "/invite")));
  // A smaller plan, when they are invited already.
  await grantSeats(organizationId, 3);
  const answers = await Promise.all(guests.map((guest, at) => accept(guest, tokens[at] ?? "")));
  expect(answers.filter(({ membership }) => membership !== null)).toHaveLength(2);
  const refused = answers.filter(({ membership }) => membership === null);
  expect(refused.flatMap(refusalsOf)).toEqual(["LIMIT_REACHED undefined", "LIMIT_REACHED undefined"]);
  expect(await membersOf(organizationId)).toBe(3);

  // The invitation stays open: with a larger plan it is accepted after all.
  await grantSeats(organizationId, 4);
  const at = answers.findIndex(({ membership }) => membership === null);
  const guest = guests[at];
  if (guest === undefined) throw new Error("nobody was refused");
  expect((await accept(guest, tokens[at] ?? "")).membership).not.toBeNull();
  expect(await membersOf(organizationId)).toBe(4);
});
